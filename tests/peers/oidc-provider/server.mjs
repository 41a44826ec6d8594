// A strict OpenID provider for the integration tests: PKCE required, refresh tokens rotate, a reused one kills its
// grant, everything that reaches it is counted, and any path can be made to fail. Keeps everything in memory.
//
// Environment: PORT (required), REDIRECT_URIS (comma separated), AT_TTL, RT_TTL, CODE_TTL (seconds), ROTATE=0 (no
// rotation for anyone), RT_ALWAYS=1 (refresh tokens without offline_access), DEVINTERACTIONS=1 (real login pages),
// CLIENT_KEYS (the public keys of the client pkjwt, as a JSON list), BASIC_RAW=1 (HTTP Basic is not form-decoded).
// It prints one line, "READY <issuer>", and ends when its standard input closes: it never outlives its parent.
import http from 'node:http';
import { generateKeyPair, exportJWK } from 'jose';
import { Provider, interactionPolicy } from 'oidc-provider';

const env = process.env;
const flag = (name, fallback) => (env[name] ?? fallback) === '1';
const seconds = (name, fallback) => Number(env[name] ?? fallback);
const port = Number(env.PORT);
const issuer = `http://127.0.0.1:${port}`;
const interactive = flag('DEVINTERACTIONS', '0');

process.stdin.on('close', () => process.exit(0)).resume();

// ---- what the provider is

const client = (client_id, rest) => ({
  client_id,
  redirect_uris: (env.REDIRECT_URIS ?? 'http://127.0.0.1:20999/callback').split(','),
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  scope: 'openid email profile offline_access api:read api:write',
  ...rest,
});

const signingKey = await generateKeyPair('RS256', { extractable: true });
const profileOf = (user) => ({
  sub: user,
  name: user.toUpperCase(),
  preferred_username: user,
  email: `${user}@example.test`,
  email_verified: true,
  roles: [user.startsWith('admin') ? 'administrator' : 'user'],
});

// The provider's own memory forgets the oldest beyond a thousand entries, which would end grants of a large campaign.
const stored = new Map();
const storedOf = (index) => stored.get(index) ?? [];
class Memory {
  constructor(model) { this.model = model; }

  key(id) { return `${this.model}:${id}`; }

  async upsert(id, payload) {
    stored.set(this.key(id), payload);
    if (payload.grantId && this.model !== 'Grant') stored.set(`grant:${payload.grantId}`, [...storedOf(`grant:${payload.grantId}`), this.key(id)]);
    if (payload.uid) stored.set(`uid:${payload.uid}`, id);
    if (payload.userCode) stored.set(`code:${payload.userCode}`, id);
  }

  async find(id) { return stored.get(this.key(id)); }

  async findByUid(uid) { return this.find(stored.get(`uid:${uid}`)); }

  async findByUserCode(code) { return this.find(stored.get(`code:${code}`)); }

  async consume(id) { stored.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }

  async destroy(id) { stored.delete(this.key(id)); }

  async revokeByGrantId(grantId) {
    storedOf(`grant:${grantId}`).forEach((key) => stored.delete(key));
    stored.delete(`grant:${grantId}`);
  }
}

// A session of one user must not answer for another one whom the login_hint names.
const policy = interactionPolicy.base();
policy.get('login').checks.add(new interactionPolicy.Check('other_user', 'another user was asked for', 'login_required', (ctx) => {
  const { session, params } = ctx.oidc;
  const asked = interactive ? undefined : params.login_hint;
  return Boolean(asked && session.accountId && session.accountId !== asked);
}));

const provider = new Provider(issuer, {
  adapter: Memory,
  clients: [
    client('basic', { client_secret: 'basic-secret', token_endpoint_auth_method: 'client_secret_basic' }),
    client('post', { client_secret: 'post-secret', token_endpoint_auth_method: 'client_secret_post' }),
    client('public', { token_endpoint_auth_method: 'none' }),
    client('norotate', { client_secret: 'norotate-secret', token_endpoint_auth_method: 'client_secret_basic' }),
    client('pkjwt', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: JSON.parse(env.CLIENT_KEYS ?? '[]') } }),
    // A colon cannot stand in an id that is not encoded, everything else can.
    client('odd id', { client_secret: 'p%2B+s/e=c r&t:~', token_endpoint_auth_method: 'client_secret_basic' }),
    // Both halves hold characters that HTTP Basic carries only if they are form-encoded first (RFC 6749, 2.3.1).
    client('odd:id', { client_secret: 'p%2B+s/e=c r&t:~', token_endpoint_auth_method: 'client_secret_basic' }),
  ],
  jwks: { keys: [{ ...(await exportJWK(signingKey.privateKey)), kid: 'test-1', use: 'sig', alg: 'RS256' }] },
  scopes: ['openid', 'offline_access', 'api:read', 'api:write'],
  claims: { openid: ['sub', 'roles'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
  findAccount: (_, user) => ({ accountId: user, claims: () => profileOf(user) }),
  pkce: { required: () => true },
  rotateRefreshToken: (ctx) => flag('ROTATE', '1') && ctx.oidc.client.clientId !== 'norotate',
  issueRefreshToken: (_, client, code) =>
    client.grantTypeAllowed('refresh_token') && (flag('RT_ALWAYS', '0') || code.scopes.has('offline_access')),
  ttl: {
    AccessToken: seconds('AT_TTL', 60),
    RefreshToken: seconds('RT_TTL', 3600),
    AuthorizationCode: seconds('CODE_TTL', 60),
    IdToken: 600,
    Interaction: 600,
    Session: 86400,
    Grant: 86400,
  },
  features: {
    devInteractions: { enabled: interactive },
    revocation: { enabled: true, allowedPolicy: (_, client, token) => client.clientId === token.clientId },
    introspection: { enabled: true, allowedPolicy: () => true },
  },
  interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['only for tests'] },
});

// ---- what it saw

const stats = { requests: {}, events: {}, log: [], assertions: [] };
const count = (counters, key) => { counters[key] = (counters[key] ?? 0) + 1; };

for (const event of [
  'authorization.success', 'authorization.error', 'grant.success', 'grant.error', 'grant.revoked',
  'access_token.issued', 'access_token.saved', 'access_token.destroyed',
  'refresh_token.saved', 'refresh_token.consumed', 'refresh_token.destroyed',
  'revocation.error', 'introspection.error', 'userinfo.error', 'server_error',
]) {
  provider.on(event, (...details) => {
    const error = details.find((detail) => detail instanceof Error);
    const oidc = details.find((detail) => detail?.oidc)?.oidc;
    count(stats.events, event);
    stats.log.push({
      event,
      client: oidc?.client?.clientId ?? null,
      redirectUri: oidc?.body?.redirect_uri ?? null,
      grant: oidc?.params?.grant_type ?? null,
      error: error ? `${error.error ?? error.name}: ${error.error_detail ?? error.error_description ?? error.message}` : null,
    });
    if (stats.log.length > 1000) stats.log.shift();
  });
}

// ---- the user, who decides at once: login_hint is a user's name, "deny", or "partial" (refuses api:write)

async function decide(req, res) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
  const user = params.login_hint ?? 'alice';
  const finish = (result) => provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });

  if (user === 'deny') return finish({ error: 'access_denied', error_description: 'the user said no' });
  if (prompt.name === 'login') return finish({ login: { accountId: user } });

  const grant = (grantId && await provider.Grant.find(grantId))
    || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const refused = user === 'partial' ? ['api:write'] : [];
  const { missingOIDCScope = [], missingOIDCClaims = [] } = prompt.details;
  grant.addOIDCScope(missingOIDCScope.filter((scope) => !refused.includes(scope)).join(' '));
  if (refused.length > 0) grant.rejectOIDCScope(refused.join(' '));
  if (missingOIDCClaims.length > 0) grant.addOIDCClaims(missingOIDCClaims);
  return finish({ consent: { grantId: await grant.save() } });
}

// ---- faults: {path, count, delayMs, hold, cut, after, status, headers, body}

let faults = [];
let held = [];
let waitingForHeld = [];

function takeFault(path) {
  const fault = faults.find((candidate) => candidate.path === path && candidate.count > 0);
  if (fault) fault.count -= 1;
  return fault;
}

// Held requests wait here until a test releases them; whoever asked for "n are held" hears of it.
function holdRequest() {
  return new Promise((resume) => {
    held.push(resume);
    waitingForHeld = waitingForHeld.filter(({ atLeast, tell }) => held.length < atLeast || tell());
  });
}

function releaseAll() {
  const released = held;
  held = [];
  released.forEach((resume) => resume());
}

// The provider does all its work on the request; only the answer gets lost on its way.
function loseAnswer(req, res) {
  res.writeHead = () => res;
  res.write = () => true;
  res.end = () => { req.socket.destroy(); return res; };
}

const protocol = provider.callback();

// Keeps the client assertions that came, also with a request that is about to fail.
async function keepAssertion(req) {
  if (req.method !== 'POST' || env.CLIENT_KEYS === '[]') return;
  req.body = '';
  for await (const chunk of req) req.body += chunk;
  const assertion = new URLSearchParams(req.body).get('client_assertion');
  if (assertion) stats.assertions.push(assertion);
}

// A server that does not form-decode what HTTP Basic carries, as many do not: what it reads is encoded for one that does.
function readRaw(req) {
  const [, basic] = /^Basic (.+)$/.exec(req.headers.authorization ?? '') ?? [];
  if (!basic) return;
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  req.headers.authorization = `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

async function serve(req, res) {
  const path = req.url.split('?', 1)[0];
  if (path.startsWith('/__')) return control(path, req, res);

  count(stats.requests, `${req.method} ${path.replace(/^\/(interaction|auth)\/[^/]+/, '/$1/:uid')}`);
  await keepAssertion(req);
  const fault = takeFault(path);
  if (fault?.delayMs) await new Promise((resume) => { setTimeout(resume, fault.delayMs); });
  if (fault?.hold) await holdRequest();
  if (fault?.after) loseAnswer(req, res);
  else if (fault?.cut) return req.socket.destroy();
  else if (fault?.status) return answer(res, fault.status, fault.body ?? '{}', fault.headers);

  if (flag('BASIC_RAW', '0')) readRaw(req);
  if (!interactive && path.startsWith('/interaction/')) return decide(req, res);
  return protocol(req, res);
}

async function control(path, req, res) {
  let text = '';
  for await (const chunk of req) text += chunk;
  const body = text === '' ? {} : JSON.parse(text);
  switch (path) {
    case '/__stats':
      return answer(res, 200, JSON.stringify(stats));
    case '/__reset':
      Object.assign(stats, { requests: {}, events: {}, log: [], assertions: [] });
      faults = [];
      releaseAll();
      return answer(res, 204);
    case '/__ctl':
      faults.push({ count: 1, ...body });
      return answer(res, 204);
    case '/__held':
      if (held.length < body.atLeast)
        await new Promise((resume) => { waitingForHeld.push({ atLeast: body.atLeast, tell: () => { resume(); return false; } }); });
      return answer(res, 204);
    case '/__release':
      releaseAll();
      return answer(res, 204);
    default:
      return answer(res, 404);
  }
}

function answer(res, status, body, headers) {
  res.writeHead(status, { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers });
  res.end(body);
}

const server = http.createServer((req, res) => serve(req, res).catch((error) => {
  console.error(error);
  if (res.headersSent) res.destroy();
  else answer(res, 500, JSON.stringify({ error: String(error) }));
}));
server.listen(port, '127.0.0.1', () => console.log(`READY ${issuer}`));
