/** How a connection ended. `redirecting` is the only one after which the page goes away. */
export type Outcome =
  | { status: 'connected'; provider: string; integrationId: string; flowId?: string }
  | { status: 'redirecting'; provider: string; flowId: string }
  | {
      /**
       * denied: the user said no. cancelled: the popup was closed, or the signal aborted. expired: it took too long.
       * offline: Grantkeeper cannot be reached; resume() finishes what can be finished. session_expired: the connect session
       * has ended, and getToken gave no better one. failed: everything else; code says what.
       */
      status: 'denied' | 'cancelled' | 'expired' | 'offline' | 'session_expired' | 'failed';
      provider?: string;
      flowId?: string;
      /** A code of Grantkeeper's error catalogue, or `network`. */
      code?: string;
      message?: string;
    };

/** What onChange hears: every outcome, of this page and of the product's other tabs, and disconnects. */
export type Change = Outcome | { status: 'disconnected'; provider: string };

export interface ConnectOptions {
  /** Scopes to ask for. Default: the provider's own. */
  scopes?: string[];
  /** Features of the product whose scopes are asked for, on top of what was granted before. */
  features?: string[];
  /** popup (default): falls back to a redirect when the browser blocks it. redirect: leaves this page and comes back to it. */
  mode?: 'popup' | 'redirect';
  /** The account to preselect at the provider. */
  loginHint?: string;
  /** The integration to connect again; it keeps its id and insists on the same account. */
  integrationId?: string;
  /** Where a redirect comes back to, and a popup whose opener is cut off. Default: this page without its fragment. It must load this module too. */
  returnTo?: string;
  /** Gives up waiting and closes the popup. */
  signal?: AbortSignal;
}

export interface Provider {
  key: string;
  display_name: string;
  configured: boolean;
  connected: boolean | null;
  status: string | null;
}

export interface ConnectionStatus {
  provider_key: string;
  display_name: string;
  user_id: string;
  connected: boolean;
  expires_at: string | null;
  refreshable: boolean;
  last_checked: string;
  warnings: string[];
  error: { code: string; message: string } | null;
}

export interface Account {
  account_id: string | null;
  display_name: string | null;
  email: string | null;
  connected_at: string | null;
  expires_at: string | null;
  is_active: boolean;
  is_primary: boolean;
  integration_id: string;
}

export interface Feature {
  key: string;
  display_name: string;
  description: string | null;
  active: boolean;
  state: 'active' | 'partial' | 'locked';
  reason: 'not_connected' | 'scopes_missing' | 'consent_expired' | 'inactive' | 'reauthorization_required' | null;
  requires: { provider: string; scopes: string[]; any_of: string[][] };
  missing: string[];
  integration_id: string | null;
}

export interface Disconnected {
  success: boolean;
  provider_key: string;
  display_name: string;
  message: string;
  provider_revocation: 'confirmed' | 'unsupported' | 'pending' | 'failed' | 'withheld';
}

/** A refusal of providers(), status(), accounts(), features() or disconnect(). connect(), unlock() and resume() answer with an Outcome instead. */
export class GrantkeeperError extends Error {
  readonly name: 'GrantkeeperError';
  /** A code of the error catalogue, or `network`. */
  readonly code: string;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
}

export interface Grantkeeper {
  /** Connects an account. Call it in the handler of a click: a popup that opens later is blocked. Never rejects for an expected end. */
  connect(provider: string, options?: ConnectOptions): Promise<Outcome>;
  /** What a redirect brought back to this page, or what a lost network left unfinished. Null when there is nothing. */
  resume(): Promise<Outcome | null>;
  /** The providers that the session offers. */
  providers(): Promise<Provider[]>;
  /** Whether the user is connected at a provider. */
  status(provider: string): Promise<ConnectionStatus>;
  /** The user's accounts at a provider. */
  accounts(provider: string): Promise<Account[]>;
  /** The product's features, and which of them the user has unlocked. */
  features(): Promise<Feature[]>;
  /** Asks the user for what a feature is missing; what is granted stays, whatever becomes of it. Call it in the handler of a click. */
  unlock(feature: Feature, options?: ConnectOptions): Promise<Outcome>;
  /** Ends a connection, here and at the provider. */
  disconnect(provider: string, options?: { accountId?: string; reason?: string }): Promise<Disconnected>;
  /** Calls back on every change; returns what ends that. */
  onChange(listener: (change: Change) => void): () => void;
  /** Lets go of listeners and of the channel to other tabs. */
  close(): void;
}

/** The token of a connect session, or how to get one. A page that may outlive its session gives getToken. */
export type GrantkeeperSettings =
  | { url: string | URL; token: string; getToken?: () => Promise<string> | string }
  | { url: string | URL; token?: undefined; getToken: () => Promise<string> | string };

/** Speaks to the Grantkeeper at a URL for the user of a connect session. */
export function createGrantkeeper(settings: GrantkeeperSettings): Grantkeeper;
