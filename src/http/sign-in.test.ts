import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addUser } from '../platform/auth/add-user.ts';
import { renewSetupToken } from '../platform/auth/setup-link.ts';
import { userRecords } from '../operations/user-records.ts';
import { testServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const password = 'correct horse battery';
const workspace = { name: 'Acme', timeZone: 'Europe/Berlin', currency: 'EUR', country: 'DE' };
let token: string;
let adminCookie: string;

const signIn = (email: string, words = password) =>
  server.call('POST', '/api/v1/session', { body: { email, password: words } });
const add = (email: string, role: string, more: object = {}) =>
  addUser({ context: server.context, records: userRecords }, { email, roles: [role], password, ...more });

describe('the set-up link', () => {
  test('a wrong one is refused', async () => {
    token = (await renewSetupToken(server.database.pool))!;
    const answer = await server.call('POST', '/api/v1/setup', {
      body: { token: 'x'.repeat(32), name: 'Ada', email: 'ada@example.com', password, workspace },
    });
    expect(answer.status).toBe(404);
    expect(answer.body.code).toBe('setup_link_used');
  });

  test('a weak password, a strange zone and a missing name cost nothing but an explanation', async () => {
    const answer = await server.call('POST', '/api/v1/setup', {
      body: {
        token,
        email: 'ada@example.com',
        password,
        workspace: { ...workspace, timeZone: 'Mars/North' },
      },
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((found: { path: string }) => found.path).sort()).toEqual([
      'name',
      'workspace.timeZone',
    ]);
    const weak = await server.call('POST', '/api/v1/setup', {
      body: { token, name: 'Ada', email: 'ada@example.com', password: 'short', workspace },
    });
    expect(weak.status).toBe(422);
    expect(weak.body.errors[0].path).toBe('password');
  });

  test('another currency is refused where amounts are stored, and nothing else is done', async () => {
    const { id } = (
      await server.call('POST', '/api/v1/products', {
        key: await server.key('administrator'),
        body: { name: 'Meter', list_price: 740 },
      })
    ).body;
    const answer = await server.call('POST', '/api/v1/setup', {
      body: {
        token,
        name: 'Ada',
        email: 'ada@example.com',
        password,
        workspace: { ...workspace, currency: 'USD' },
      },
    });
    expect(id).toBeDefined();
    expect([answer.status, answer.body.code]).toEqual([409, 'money_stored']);
    expect(answer.body.errors[0].path).toBe('workspace.currency');
  });

  test('two who open it at once make one administrator', async () => {
    const answers = await Promise.all(
      ['ada@example.com', 'bob@example.com'].map((email) =>
        server.call('POST', '/api/v1/setup', { body: { token, name: 'First', email, password, workspace } }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 404]);
    const { rows } = await server.database.pool.query('SELECT name FROM crm.users');
    expect(rows).toEqual([{ name: 'First' }]);
    adminCookie = answers.find((answer) => answer.status === 201)!.cookie;
  });

  test('signs the administrator in and names the workspace', async () => {
    const me = await server.call('GET', '/api/v1/me', { cookie: adminCookie });
    expect(me.body).toMatchObject({ kind: 'user', name: 'First', roles: ['administrator'] });
    expect(me.body.permissions).toContain('users.manage');
    await expect
      .poll(async () => (await server.call('GET', '/api/v1/catalog', { cookie: adminCookie })).body.workspace)
      .toEqual({ name: 'Acme', time_zone: 'Europe/Berlin', currency: 'EUR', country: 'DE' });
  });

  test('is not offered again', async () => {
    expect(await renewSetupToken(server.database.pool)).toBeUndefined();
    const again = await server.call('POST', '/api/v1/setup/check', { body: { token } });
    expect(again.status).toBe(404);
  });
});

describe('a browser session', () => {
  test('its cookie is out of reach for scripts and other sites', async () => {
    await add('rep@example.com', 'sales_representative');
    const answer = await signIn('Rep@Example.com');
    expect(answer.status).toBe(200);
    const line = answer.headers.getSetCookie().find((each) => each.includes('session_token'))!;
    expect(line).toMatch(/HttpOnly/i);
    expect(line).toMatch(/SameSite=Lax/i);
    expect(line).not.toMatch(/Secure/i);
  });

  test('behind https its cookie is sent over https only', async () => {
    const secure = await testServer({ beside: server, config: { publicUrl: 'https://crm.example.com' } });
    const answer = await secure.call('POST', '/api/v1/session', {
      body: { email: 'rep@example.com', password },
    });
    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Secure-groundwork\.session_token=.*Secure/i);
    expect((await secure.call('GET', '/api/v1/me', { cookie: answer.cookie })).status).toBe(200);
    await secure.close();
  });

  test('with a standby for reads, a browser that wrote is marked for as long as the standby may be behind', async () => {
    const reads = { url: 'postgres://unused', mostLagSeconds: 10 };
    const other = await testServer({
      beside: server,
      config: { publicUrl: 'https://crm.example.com', reads },
    });
    const { cookie } = await other.call('POST', '/api/v1/session', {
      body: { email: 'rep@example.com', password },
    });
    const marks = async (method: string, path: string, body?: unknown): Promise<string[]> => {
      const answer = await other.call(method, path, { cookie, body });
      expect(answer.status).toBeLessThan(300);
      return answer.headers.getSetCookie().filter((line) => line.startsWith('groundwork_wrote='));
    };
    const marked = await marks('POST', '/api/v1/accounts', { name: 'Marked' });
    expect(marked).toEqual(['groundwork_wrote=1; Max-Age=12; Path=/; HttpOnly; SameSite=Lax; Secure']);
    expect(await marks('POST', '/api/v1/accounts/query', {})).toEqual([]);
    expect(await marks('GET', '/api/v1/accounts')).toEqual([]);
    await other.close();
  });

  test('a wrong password and an unknown e-mail read the same', async () => {
    const wrong = await signIn('rep@example.com', 'not this one, no');
    const unknown = await signIn('nobody@example.com');
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const { instance: _, ...one } = wrong.body;
    const { instance: __, ...other } = unknown.body;
    expect(one).toEqual(other);
  });

  test('signing out ends it at once, in another process too', async () => {
    const other = await testServer({ beside: server });
    const { cookie } = await signIn('rep@example.com');
    const me = (on: TestServer) => on.call('GET', '/api/v1/me', { cookie }).then((answer) => answer.status);
    await expect.poll(async () => [await me(server), await me(other)]).toEqual([200, 200]);
    const out = await server.call('DELETE', '/api/v1/session', { cookie });
    expect(out.status).toBe(204);
    expect(await me(server)).toBe(401);
    await expect.poll(() => me(other), { interval: 20, timeout: 1_000 }).toBe(401);
    await other.close();
  });

  test('dies with a new password and with the loss of the last role', async () => {
    const { id } = await add('temp@example.com', 'read_only');
    const first = await signIn('temp@example.com');
    const changed = await server.call('PATCH', `/api/v1/users/${id}/access`, {
      cookie: adminCookie,
      body: { password: 'another good one' },
    });
    expect(changed.body).toEqual({ roles: ['read_only'], can_sign_in: true });
    await expect
      .poll(async () => (await server.call('GET', '/api/v1/me', { cookie: first.cookie })).status, {
        timeout: 1_000,
      })
      .toBe(401);
    const second = await signIn('temp@example.com', 'another good one');
    expect((await server.call('GET', '/api/v1/me', { cookie: second.cookie })).status).toBe(200);
    await server.call('PATCH', `/api/v1/users/${id}/access`, { cookie: adminCookie, body: { roles: [] } });
    await expect
      .poll(async () => (await server.call('GET', '/api/v1/me', { cookie: second.cookie })).status, {
        timeout: 1_000,
      })
      .toBe(401);
    const refused = await signIn('temp@example.com', 'another good one');
    expect([refused.status, refused.body.code, refused.cookie]).toEqual([403, 'no_access', '']);
  });

  test('an archived user cannot sign in', async () => {
    const { id } = await add('gone@example.com', 'read_only');
    const archived = await server.call('DELETE', `/api/v1/users/${id}`, { cookie: adminCookie });
    expect(archived.status).toBe(200);
    const answer = await signIn('gone@example.com');
    expect([answer.status, answer.body.code]).toEqual([403, 'no_access']);
  });

  test('a forged or cut cookie is nobody', async () => {
    const { cookie } = await signIn('rep@example.com');
    for (const bad of [
      cookie.slice(0, -3),
      cookie.replace(/.{6}$/, 'AAAAAA'),
      'groundwork.session_token=%00',
      'groundwork.session_token=',
    ]) {
      expect((await server.call('GET', '/api/v1/me', { cookie: bad })).status).toBe(401);
    }
  });

  test('another site’s page cannot write with it', async () => {
    const { cookie } = await signIn('rep@example.com');
    const from = (headers: Record<string, string>) =>
      server
        .call('POST', '/api/v1/accounts', { cookie, headers, body: { name: 'X' } })
        .then((answer) => answer.status);
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await from({ origin: 'https://evil.example' })).toBe(403);
    expect(await from({ origin: 'null' })).toBe(403);
    expect(await from({ origin: server.url, 'sec-fetch-site': 'same-origin' })).toBe(201);
    const signInFromElsewhere = await server.call('POST', '/api/v1/session', {
      headers: { origin: 'https://evil.example' },
      body: { email: 'rep@example.com', password },
    });
    expect(signInFromElsewhere.status).toBe(403);
  });

  test('guessing is stopped after ten tries, for the guesser alone', async () => {
    await add('target@example.com', 'read_only');
    for (let round = 0; round < 10; round++)
      expect((await signIn('target@example.com', `guess number ${round}`)).status).toBe(401);
    const stopped = await signIn('target@example.com');
    expect(stopped.status).toBe(429);
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await signIn('rep@example.com')).status).toBe(200);
  });

  test('changing one’s own password asks for the present one', async () => {
    await add('self@example.com', 'read_only');
    const { cookie } = await signIn('self@example.com');
    const wrong = await server.call('POST', '/api/v1/me/password', {
      cookie,
      body: { current: 'no', password: 'a brand new one' },
    });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, 'current']);
    const right = await server.call('POST', '/api/v1/me/password', {
      cookie,
      body: { current: password, password: 'a brand new one' },
    });
    expect(right.status).toBe(204);
    expect((await signIn('self@example.com', 'a brand new one')).status).toBe(200);
  });
});

describe('users', () => {
  test('the last one in charge cannot lose the right', async () => {
    const { rows } = await server.database.pool.query(
      `SELECT user_id FROM platform.user_roles WHERE role = 'administrator'`,
    );
    const answer = await server.call('PATCH', `/api/v1/users/${rows[0].user_id}/access`, {
      cookie: adminCookie,
      body: { roles: ['read_only'] },
    });
    expect([answer.status, answer.body.code]).toEqual([409, 'last_in_charge']);
  });

  test('are added with roles and a password in one call, all or nothing', async () => {
    const body = { name: 'New', email: 'new@example.com', roles: ['sales_representative'], password };
    const bad = await server.call('POST', '/api/v1/users', {
      cookie: adminCookie,
      body: { ...body, roles: ['wizard'] },
    });
    expect([bad.status, bad.body.errors[0].path, bad.body.errors[0].code]).toEqual([
      422,
      'roles.0',
      'unknown_role',
    ]);
    const made = await server.call('POST', '/api/v1/users', { cookie: adminCookie, body });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'New', email: 'new@example.com' });
    const { cookie } = await signIn('new@example.com');
    const refused = await server.call('POST', '/api/v1/users', {
      cookie,
      body: { ...body, email: 'x@example.com' },
    });
    expect(refused.status).toBe(403);
  });

  test('an imported colleague is taken over by the command line; who is in already is not', async () => {
    const id = await userRecords.create(server.context, 'users', {
      name: 'Imported',
      email: 'imported@example.com',
    });
    expect(await add('imported@example.com', 'read_only')).toEqual({
      id,
      teamMade: false,
      recordMade: false,
    });
    await expect(add('imported@example.com', 'read_only')).rejects.toMatchObject({
      body: { status: 409, code: 'user_exists' },
    });
    await expect(add('x@example.com', 'wizard')).rejects.toMatchObject({ body: { status: 422 } });
  });

  test('see their own team and all below it, even where teams run in a circle', async () => {
    const north = await userRecords.create(server.context, 'teams', { name: 'North' });
    const coast = await userRecords.create(server.context, 'teams', { name: 'Coast', parent: north });
    const { id, teamMade } = await add('lead@example.com', 'team_lead', { team: 'North' });
    expect(teamMade).toBe(false);
    await server.database.pool.query('UPDATE crm.teams SET parent = $1 WHERE id = $2', [coast, north]);
    const { cookie } = await signIn('lead@example.com');
    const me = await server.call('GET', '/api/v1/me', { cookie });
    expect(me.body.user).toBe(id);
    expect(me.body.teams.sort()).toEqual([north, coast].sort());
  });
});

describe('an API key', () => {
  test('acts as its user with its own role alone', async () => {
    const { id } = await add('boss@example.com', 'administrator');
    const key = await server.key('read_only', 'boss@example.com');
    const me = await server.call('GET', '/api/v1/me', { key });
    expect(me.body).toMatchObject({ kind: 'key', user: id, roles: ['read_only'], permissions: [] });
    const refused = await server.call('POST', '/api/v1/accounts', { key, body: { name: 'X' } });
    expect(refused.status).toBe(403);
  });

  test('without a user is nobody’s', async () => {
    const me = await server.call('GET', '/api/v1/me', { key: await server.key('administrator') });
    expect(me.body).toMatchObject({ kind: 'key', user: null, teams: [] });
  });

  test('a wrong, cut or strange one is refused, and names nobody', async () => {
    const key = await server.key('administrator');
    for (const bad of [
      key.slice(0, -1),
      `${key.slice(0, -1)}!`,
      `gw_aaaaaaaa_${'a'.repeat(43)}`,
      'x',
      "' OR 1=1 --",
    ]) {
      const answer = await server.call('GET', '/api/v1/me', { headers: { authorization: `Bearer ${bad}` } });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
    expect(
      (await server.call('GET', '/api/v1/me', { headers: { authorization: 'Basic YTpi' } })).status,
    ).toBe(401);
    expect((await server.call('GET', '/api/v1/me')).status).toBe(401);
  });

  test('is made and revoked by who may, and dies at once', async () => {
    const made = await server.call('POST', '/api/v1/keys', {
      cookie: adminCookie,
      body: { name: 'Sync', role: 'read_only' },
    });
    expect(made.status).toBe(201);
    const key = made.body.token as string;
    expect(key).toMatch(/^gw_[a-z0-9]{8}_/);
    const me = () => server.call('GET', '/api/v1/me', { key }).then((answer) => answer.status);
    expect(await me()).toBe(200);
    expect((await server.call('GET', '/api/v1/keys', { key })).status).toBe(403);
    const listed = await server.call('GET', '/api/v1/keys', { cookie: adminCookie });
    expect(JSON.stringify(listed.body)).not.toContain(key.slice(12));
    expect(
      (await server.call('DELETE', `/api/v1/keys/${made.body.id}`, { cookie: adminCookie })).status,
    ).toBe(204);
    await expect.poll(me, { interval: 20, timeout: 1_000 }).toBe(401);
  });

  test('is refused for a role or a user that does not exist', async () => {
    const wrongRole = await server.call('POST', '/api/v1/keys', {
      cookie: adminCookie,
      body: { name: 'X', role: 'wizard' },
    });
    expect([wrongRole.status, wrongRole.body.errors[0].code]).toEqual([422, 'unknown_role']);
    const wrongUser = await server.call('POST', '/api/v1/keys', {
      cookie: adminCookie,
      body: { name: 'X', role: 'read_only', user: 'no@example.com' },
    });
    expect([wrongUser.status, wrongUser.body.errors[0].code]).toEqual([422, 'unknown_user']);
  });
});

test('no log line holds an e-mail, a name, a password or a token', () => {
  const text = server.logged.map((line) => JSON.stringify(line)).join('\n');
  expect(text.length).toBeGreaterThan(0);
  for (const secret of ['example.com', password, token, 'First', 'gw_']) expect(text).not.toContain(secret);
});
