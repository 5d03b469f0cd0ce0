// The hosting services that the scmProvider and pullRequest generators ask (spec/applicationset.md §4.6, §4.7).
import { type Fields, flag, list, object, type Schema, text, texts } from './schema.ts';

const secretRef = (description: string): Schema =>
  object(description, { secretName: text('Name of the Secret.'), key: text('Key in it.') }, ['key', 'secretName']);

const api = text('Address of the service, when it is not the public one.');
const tokenRef = secretRef('Secret with the access token.');
const insecure = flag('Accept any certificate.');
const caRef = object(
  'ConfigMap with the certificates to trust.',
  { configMapName: text('Name of the ConfigMap.'), key: text('Key in it.') },
  ['configMapName', 'key'],
);
const allBranches = flag('Every branch, not just the default one.');
const appSecretName = text('Secret with the keys of a GitHub App.');
const labels = texts('Only pull requests that have all of these labels.');
const basicAuth = object(
  'Sign in by name and password.',
  { username: text('The name.'), passwordRef: secretRef('Secret with the password.') },
  ['passwordRef', 'username'],
);
const bearerToken = object('Sign in by token.', { tokenRef }, ['tokenRef']);
const excludeArchivedRepos = flag('Leave out archived repositories.');

/** Fields of `scmProvider` beside those of every generator. */
export const scmProvider: Fields = {
  github: object(
    'Repositories of a GitHub organisation.',
    { organization: text('The organisation.'), api, tokenRef, appSecretName, allBranches, excludeArchivedRepos },
    ['organization'],
  ),
  gitlab: object(
    'Projects of a GitLab group.',
    {
      group: text('Id or path of the group.'),
      includeSubgroups: flag('Projects of sub-groups too.'),
      includeSharedProjects: flag('Projects that are shared with the group too; so unless set to false.'),
      includeArchivedRepos: flag('Archived projects too.'),
      topic: text('Only projects with this topic.'),
      api,
      tokenRef,
      allBranches,
      insecure,
      caRef,
    },
    ['group'],
  ),
  gitea: object(
    'Repositories of a Gitea owner.',
    { owner: text('Organisation or person.'), api, tokenRef, allBranches, insecure, excludeArchivedRepos },
    ['api', 'owner'],
  ),
  bitbucketServer: object(
    'Repositories of a Bitbucket Server project.',
    { project: text('Key of the project.'), api, basicAuth, bearerToken, allBranches, insecure, caRef },
    ['api', 'project'],
  ),
  bitbucket: object(
    'Repositories of a Bitbucket Cloud workspace.',
    {
      owner: text('The workspace.'),
      user: text('Name to sign in with.'),
      appPasswordRef: secretRef('Secret with the app password.'),
      allBranches,
    },
    ['appPasswordRef', 'owner', 'user'],
  ),
  azureDevOps: object(
    'Repositories of an Azure DevOps project.',
    {
      organization: text('The organisation.'),
      teamProject: text('The project.'),
      api,
      accessTokenRef: secretRef('Secret with the access token.'),
      allBranches,
    },
    ['accessTokenRef', 'organization', 'teamProject'],
  ),
  awsCodeCommit: object('Repositories of AWS CodeCommit.', {
    tagFilters: list(
      'Only repositories with these tags.',
      object('One tag.', { key: text('Its key.'), value: text('Its value.') }, ['key']),
    ),
    role: text('ARN of the role to assume.'),
    region: text('AWS region.'),
    allBranches,
  }),
  filters: list(
    'Only what one of these matches.',
    object('All fields must match.', {
      repositoryMatch: text('Regular expression for the name of the repository.'),
      labelMatch: text('Regular expression for one of its labels.'),
      branchMatch: text('Regular expression for the branch.'),
      pathsExist: texts('Paths that must exist.'),
      pathsDoNotExist: texts('Paths that must not exist.'),
    }),
  ),
  cloneProtocol: text('"ssh" or "https" for the url parameter.'),
};

/** Fields of `pullRequest` beside those of every generator. */
export const pullRequest: Fields = {
  github: object(
    'Pull requests of a GitHub repository.',
    { owner: text('Organisation or person.'), repo: text('The repository.'), api, tokenRef, appSecretName, labels },
    ['owner', 'repo'],
  ),
  gitlab: object(
    'Merge requests of a GitLab project.',
    {
      project: text('Id or path of the project.'),
      pullRequestState: text('Only merge requests in this state.'),
      api,
      tokenRef,
      labels,
      insecure,
      caRef,
    },
    ['project'],
  ),
  gitea: object(
    'Pull requests of a Gitea repository.',
    { owner: text('Organisation or person.'), repo: text('The repository.'), api, tokenRef, insecure, labels },
    ['api', 'owner', 'repo'],
  ),
  bitbucketServer: object(
    'Pull requests of a Bitbucket Server repository.',
    { project: text('Key of the project.'), repo: text('The repository.'), api, basicAuth, bearerToken, insecure, caRef },
    ['api', 'project', 'repo'],
  ),
  bitbucket: object(
    'Pull requests of a Bitbucket Cloud repository.',
    { owner: text('The workspace.'), repo: text('The repository.'), api, basicAuth, bearerToken },
    ['owner', 'repo'],
  ),
  azuredevops: object(
    'Pull requests of an Azure DevOps repository.',
    { organization: text('The organisation.'), project: text('The project.'), repo: text('The repository.'), api, tokenRef, labels },
    ['organization', 'project', 'repo'],
  ),
  filters: list(
    'Only pull requests that one of these matches.',
    object('All fields must match.', {
      branchMatch: text('Regular expression for the source branch.'),
      targetBranchMatch: text('Regular expression for the target branch.'),
      titleMatch: text('Regular expression for the title.'),
    }),
  ),
  continueOnRepoNotFoundError: flag('A repository that does not exist counts as one without pull requests.'),
};
