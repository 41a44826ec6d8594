// The browser side of Grantkeeper: connects accounts for the user of a connect session. No dependency, no token of a
// provider ever comes here. What it may do is decided by the server; this file only makes it comfortable.

const LOST = 'network';
const POLL = 2000;
const WATCH = 300;

export class GrantkeeperError extends Error {
  constructor(code, message, status = 0) {
    super(message);
    this.name = 'GrantkeeperError';
    this.code = code;
    this.status = status;
  }
}

const key = provider => encodeURIComponent(provider);
const pause = ms => new Promise(done => setTimeout(done, ms));

export function createGrantkeeper({ url, token, getToken } = {}) {
  const base = new URL(url).origin;
  const store = `grantkeeper:${base}`;
  const listeners = new Set();
  const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(store) : null;
  let credential = token;

  // One request; a session that has ended is replaced once, if the page knows how.
  async function call(method, path, body, isRetry) {
    credential ??= await getToken?.();
    let response;
    try {
      response = await fetch(base + path, {
        method,
        credentials: 'omit',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
        headers: { authorization: `Bearer ${credential}`, ...(body && { 'content-type': 'application/json' }) },
        body: body && JSON.stringify(body),
      });
    } catch {
      throw new GrantkeeperError(LOST, 'Grantkeeper cannot be reached.');
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    if (response.status === 401 && getToken && !isRetry) {
      credential = undefined;
      return call(method, path, body, true);
    }
    throw new GrantkeeperError(answer.code ?? 'internal', answer.detail ?? answer.title ?? `HTTP ${response.status}`, response.status);
  }

  function tell(change) {
    for (const listener of listeners) listener(change);
  }

  function announce(change) {
    tell(change);
    channel?.postMessage(change);
    return change;
  }

  // What a refusal means for the person: typed, so that a page needs no parsing of texts.
  function failed(error, more) {
    const status = error.code === LOST ? 'offline'
      : error.code === 'identity.session_invalid' ? 'session_expired'
      : error.code === 'connect.access_denied' ? 'denied'
      : 'failed';
    return { ...more, status, code: error.code, message: error.message };
  }

  const kept = {
    get: () => { try { return JSON.parse(sessionStorage.getItem(store)); } catch { return null; } },
    set: value => { try { value ? sessionStorage.setItem(store, JSON.stringify(value)) : sessionStorage.removeItem(store); } catch { /* no storage, no resume */ } },
  };

  const flow = id => call('GET', `/api/v1/oauth/flows/${id}`);

  const ended = (state, more) => state.status === 'completed'
    ? { ...more, status: 'connected', provider: state.provider, integrationId: state.integration_id }
    : { ...more, status: state.status === 'denied' || state.status === 'expired' ? state.status : 'failed', provider: state.provider, code: state.error?.code, message: state.error?.message };

  // The parked code is redeemed with the ticket that came back with this browser. Kept until it is done, so that a lost
  // network can be made up for by resume().
  const confirming = new Map();
  function confirm(flowId, ticket, more) {
    const running = confirming.get(flowId) ?? redeem(flowId, ticket, more).finally(() => confirming.delete(flowId));
    confirming.set(flowId, running);
    return running;
  }

  async function redeem(flowId, ticket, more) {
    kept.set({ flowId, ticket });
    try {
      const answer = await call('POST', `/api/v1/oauth/flows/${flowId}/confirm`, { ticket });
      kept.set(null);
      return answer.success
        ? { ...more, status: 'connected', provider: answer.provider_key, integrationId: answer.integration_id }
        : failed(new GrantkeeperError(answer.error.code, answer.error.message), more);
    } catch (error) {
      if (error.code === LOST || error.code === 'identity.session_invalid') return failed(error, more);
      kept.set(null);
      // An answer that got lost on its way may have been a success.
      if (error.code !== 'connect.ticket_invalid') return failed(error, more);
      for (;;) {
        const state = await flow(flowId).catch(() => ({}));
        if (state.status !== 'pending') return state.status === 'completed' ? ended(state, more) : failed(error, more);
        await pause(POLL);
      }
    }
  }

  async function begin(provider, options, popup) {
    const { scopes, features, loginHint, integrationId } = options;
    const here = location.origin + location.pathname + location.search;
    return call('POST', '/api/v1/oauth/initiate', {
      provider, scopes, features, popup, login_hint: loginHint, integration_id: integrationId,
      opener_origin: popup ? location.origin : undefined, return_to: options.returnTo ?? here,
    });
  }

  async function redirect(provider, options) {
    const started = await begin(provider, options, false);
    location.assign(started.authorization_url);
    return { status: 'redirecting', provider, flowId: started.flow_id };
  }

  // Waits for whichever comes first: the popup's message, the server's word, the popup's end, another tab, the caller.
  function follow(popup, started, more, signal) {
    return new Promise(resolve => {
      const flowId = started.flow_id;
      let wasThere = false;
      let isDone = false;
      let isAsking = false;
      let patience = 2;

      function finish(outcome, wasHeard) {
        if (isDone) return;
        isDone = true;
        if (!wasHeard) announce(outcome);
        removeEventListener('message', onMessage);
        channel?.removeEventListener('message', onChannel);
        signal?.removeEventListener('abort', onAbort);
        clearInterval(watch);
        clearInterval(poll);
        resolve(outcome);
      }

      async function onMessage(event) {
        if (!started.trusted_origins.includes(event.origin) || event.source !== popup) return;
        const told = event.data;
        if (told?.type !== 'grantkeeper' || told.flow_id !== flowId) return;
        clearInterval(watch);
        clearInterval(poll);
        if (told.status === 'awaiting_confirmation') finish(await confirm(flowId, told.ticket, more));
        else finish(ended(await flow(flowId).catch(() => ({ status: told.status, provider: told.provider, error: { code: told.code } })), more));
      }

      const onChannel = event => event.data?.flowId === flowId && finish(event.data, true);
      const onAbort = () => { popup.close(); finish({ ...more, status: 'cancelled' }); };

      // The server knows the truth, also when no message can arrive.
      async function ask() {
        if (isAsking || isDone) return;
        isAsking = true;
        try {
          const state = await flow(flowId);
          // A popup that was there and is gone was closed; one that this page never saw elsewhere may only be cut off.
          if (state.status === 'pending') {
            if (popup.closed && wasThere && --patience <= 0) finish({ ...more, status: 'cancelled' });
          } else if (state.status !== 'awaiting_confirmation') {
            finish(ended(state, more));
          }
        } catch (error) {
          if (error.code !== LOST) finish(failed(error, more));
        } finally {
          isAsking = false;
        }
      }

      const watch = setInterval(() => {
        if (popup.closed) {
          if (wasThere) ask();
          return;
        }
        try { void popup.location.href; } catch { wasThere = true; }
      }, WATCH);
      const poll = setInterval(ask, POLL);
      addEventListener('message', onMessage);
      channel?.addEventListener('message', onChannel);
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
    });
  }

  async function connect(provider, options = {}) {
    const more = { provider };
    let popup = null;
    try {
      if (options.mode === 'redirect') return await redirect(provider, options);
      // At once, while the click counts: later the browser would block it.
      popup = window.open('about:blank', '', 'popup,width=520,height=720');
      if (!popup) return await redirect(provider, options);
      const started = await begin(provider, options, true);
      more.flowId = started.flow_id;
      popup.location.replace(started.authorization_url);
      return await follow(popup, started, more, options.signal);
    } catch (error) {
      popup?.close();
      if (!(error instanceof GrantkeeperError)) throw error;
      return announce(failed(error, more));
    }
  }

  // What the browser brought back stands in the fragment; it leaves the address, and so the history, at once.
  function takeFragment() {
    const told = new URLSearchParams(location.hash.slice(1));
    if (!told.has('gk_flow')) return null;
    history.replaceState(history.state, '', location.pathname + location.search);
    return { flowId: told.get('gk_flow'), ticket: told.get('gk_ticket'), isPopup: told.has('gk_popup') };
  }

  async function complete(returned) {
    const { flowId, ticket, isPopup } = returned ?? {};
    if (!flowId) return null;
    const more = { flowId };
    let outcome;
    try {
      outcome = ticket ? await confirm(flowId, ticket, more) : ended(await flow(flowId), more);
    } catch (error) {
      if (!(error instanceof GrantkeeperError)) throw error;
      outcome = failed(error, more);
    }
    announce(outcome);
    if (isPopup) {
      await pause(50);
      window.close();
    }
    return outcome;
  }

  const returned = takeFragment();
  let current = returned && complete(returned);

  // Finishes what a redirect brought back, or what a lost network left behind. Null when there is nothing.
  function resume() {
    const outcome = current ?? complete(kept.get());
    current = null;
    return outcome;
  }

  addEventListener('online', resume);
  if (channel) channel.onmessage = event => tell(event.data);

  return {
    connect,
    resume,
    providers: async () => (await call('GET', '/oauth/providers')).providers,
    status: provider => call('GET', `/oauth/${key(provider)}/status`),
    accounts: async provider => (await call('GET', `/oauth/${key(provider)}/accounts`)).accounts,
    features: async () => (await call('GET', '/api/v1/oauth/features')).features,
    // Takes what features() gave: with nothing to wait for, the popup opens while the click counts.
    unlock: (feature, options) => connect(feature.requires.provider, { ...options, features: [feature.key], integrationId: feature.integration_id ?? undefined }),
    async disconnect(provider, { accountId, reason } = {}) {
      const answer = await call('POST', `/oauth/${key(provider)}/disconnect`, { account_id: accountId, reason });
      announce({ status: 'disconnected', provider });
      return answer;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      listeners.clear();
      channel?.close();
      removeEventListener('online', resume);
    },
  };
}
