// AppProject: what its Applications may use (spec/project.md §1, §7, §8, §11).
import { flag, list, map, object, oneOf, type Schema, text, texts, whole } from './schema.ts';

const kinds = (description: string, named: boolean): Schema =>
  list(
    description,
    object(
      'One kind.',
      {
        group: text('API group, as a glob; "" is the core group, "*" every group.'),
        kind: text('Kind, as a glob.'),
        ...(named && { name: text('Name, as a glob; any when empty.') }),
      },
      ['group', 'kind'],
    ),
  );

const tokens = (description: string): Schema =>
  list(
    description,
    object(
      'One token. The token itself is not kept.',
      { id: text('Its id.'), iat: whole('When it was issued, in seconds since 1970.'), exp: whole('When it ends; never when absent.') },
      ['iat'],
    ),
  );

const destinations = list(
  'Where Applications may deploy to. Globs; an entry may begin with "!". Nowhere when empty.',
  object('One destination.', {
    server: text("URL of the cluster's API."),
    name: text('Name of the registered cluster.'),
    namespace: text('Namespace.'),
  }),
);

const destinationServiceAccounts = list(
  'The service account that a sync acts as, by destination; the first match wins. Globs.',
  object(
    'One destination and its account.',
    {
      server: text("URL of the cluster's API."),
      namespace: text('Namespace of the destination.'),
      defaultServiceAccount: text('The account as namespace:name, or a name in the namespace of the destination.'),
    },
    ['defaultServiceAccount', 'server'],
  ),
);

const roles = list(
  'Who may do what with the Applications of this project.',
  object(
    'One role.',
    {
      name: text('Name of the role.'),
      description: text('What it is for.'),
      policies: texts('Rights, each as "p, proj:<project>:<role>, <resource>, <action>, <project>/<object>, allow|deny".'),
      groups: texts('Groups of the identity provider that have this role.'),
      jwtTokens: tokens('Tokens issued for this role.'),
    },
    ['name'],
  ),
);

const syncWindows = list(
  'Times at which syncs are allowed or denied.',
  object('One window.', {
    kind: text('"allow" or "deny".'),
    schedule: text('When it opens, in cron format: minute, hour, day of month, month, day of week.'),
    duration: text('How long it stays open, such as "1h30m".'),
    timeZone: text('IANA name of the time zone; UTC when empty.'),
    applications: texts('Applications that it concerns, as globs.'),
    namespaces: texts('Destination namespaces that it concerns, as globs.'),
    clusters: texts('Destination clusters that it concerns, by name or URL, as globs.'),
    andOperator: flag('All of applications, namespaces and clusters must match, not just one of them.'),
    manualSync: flag('Let syncs pass that somebody asks for.'),
    syncOverrun: flag('Let a sync go on that began when it was allowed.'),
    description: { ...text('What it is for.'), maxLength: 255 },
  }),
);

const sourceIntegrity = object('Signatures that sources must have.', {
  git: object('Rules for Git sources.', {
    policies: list(
      'Rules by repository.',
      object('One rule.', {
        repos: list(
          'Repositories that it concerns.',
          object('One repository.', { url: text('URL, as a glob; may begin with "!".') }, ['url']),
        ),
        gpg: object('Rules for GnuPG signatures.', {
          mode: oneOf('How much of the history is checked.', ['none', 'head', 'strict']),
          keys: texts('Ids of the keys that count.'),
        }),
      }),
    ),
  }),
});

export const projectSpec = object('What the Applications of this project may use.', {
  description: { ...text('What the project is for.'), maxLength: 255 },
  sourceRepos: texts('Repositories that may be used, as globs; an entry may begin with "!". None when empty.'),
  sourceNamespaces: texts(
    'Namespaces beside the control namespace whose Applications may use this project. Globs or /regular expressions/.',
  ),
  destinations,
  destinationServiceAccounts,
  clusterResourceWhitelist: kinds('Cluster-scoped kinds that may be deployed. None when empty.', true),
  clusterResourceBlacklist: kinds('Cluster-scoped kinds that may not be deployed.', true),
  namespaceResourceWhitelist: kinds('Namespaced kinds that may be deployed. All when absent, none when empty.', false),
  namespaceResourceBlacklist: kinds('Namespaced kinds that may not be deployed.', false),
  orphanedResources: object('Look for objects in the destination namespaces that belong to no Application.', {
    warn: flag('Say so in a condition of the Application.'),
    ignore: list(
      'Objects that do not count.',
      object('One pattern.', { group: text('API group.'), kind: text('Kind.'), name: text('Name.') }),
    ),
  }),
  permitOnlyProjectScopedClusters: flag('Only clusters that are registered for this project may be used.'),
  roles,
  syncWindows,
  sourceIntegrity,
  signatureKeys: list(
    'Keys that commits must be signed with. Superseded by sourceIntegrity.',
    object('One key.', { keyID: text('Id of the key.') }, ['keyID']),
  ),
});

export const projectStatus = object('What is recorded about the project.', {
  jwtTokensByRole: map('Tokens by role.', object('Tokens of one role.', { items: tokens('The tokens.') })),
});
