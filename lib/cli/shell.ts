// What a command gets from the process that it runs in, as plain interfaces: the terminal, the clock and the way to the cluster.

import type { OpenRenderPorts } from '../adapters/render-ports.ts';
import type { RenderSettings } from '../desired/settings.ts';
import type { Destination } from '../model/application.ts';
import type { ResolvedDestination } from '../model/destination.ts';
import type { GivenRepository } from '../model/given-repositories.ts';
import type { AppProject } from '../model/project.ts';
import type { RemoteBases } from '../model/remote-bases.ts';
import type { ResourceSettings } from '../model/resource-settings.ts';
import type { Clock, Cluster, Scripts } from '../ports.ts';
import type { Paint } from './view/table.ts';

export interface Terminal {
  /** To standard output, as it is: what the command is asked for. */
  readonly write: (text: string) => void;
  /** A line to standard error: progress and remarks. */
  readonly note: (line: string) => void;
  /** Somebody is there to answer a question. */
  readonly interactive: boolean;
  readonly ask: (question: string) => Promise<string>;
  readonly readStdin: () => Promise<string>;
  /** Colours a status word; the identity when standard output is no terminal. */
  readonly paint: Paint;
  /** Colours a line of a difference. */
  readonly paintLine: Paint;
  /** IANA name of the local time zone. */
  readonly zone: string;
}

/** The control cluster, acted on with the rights of whoever runs the command. */
export interface Session {
  readonly cluster: Cluster;
  /** Control namespace. */
  readonly namespace: string;
  /** A destination among the registered clusters. Throws InvalidInput as spec/application.md §1.1 says. */
  readonly resolve: (destination: Destination) => Promise<ResolvedDestination>;
  /** A project of the control namespace, with what global ones add. Throws InvalidInput when it does not parse. */
  readonly project: (name: string) => Promise<AppProject | undefined>;
  /** What the installation lets sources do. */
  readonly renderSettings: () => Promise<RenderSettings>;
  /** What the installation says of resources. Throws InvalidInput when it does not parse. */
  readonly resourceSettings: () => Promise<ResourceSettings>;
}

/** What it takes to render without a cluster and without a network. */
export interface Offline {
  /** Control namespace. */
  readonly namespace: string;
  readonly remoteBases: RemoteBases;
  /** Folders in place of repositories; what is written for that goes when the command ends. Throws InvalidInput for what is no folder. */
  readonly open: (given: readonly GivenRepository[]) => Promise<OpenRenderPorts>;
}

/** Global options, as they come from the command line. */
export interface GlobalFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly kubeContext?: string;
}

export interface Shell {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Says something to whoever ends the command by Ctrl-C, until the function that it returns is called. */
  readonly onInterrupt: (remark: string) => () => void;
  /** Throws Exit when no kubeconfig is found or it cannot be used. */
  readonly connect: (flags: GlobalFlags) => Promise<Session>;
  /** What it takes to render an Application here: repositories are reached by the Secrets of the control cluster, if the session may read them. */
  readonly renderer: (session: Session) => Promise<OpenRenderPorts>;
  readonly offline: Offline;
  /** What runs the scripts of an installation's settings. */
  readonly scripts: () => Promise<Scripts>;
  /** Shows how two texts differ with the user's own program; undefined when no such program is set. */
  readonly externalDiff: ((live: string, target: string, name: string) => Promise<void>) | undefined;
}
