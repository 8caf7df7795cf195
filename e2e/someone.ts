/** The person who works in the browser tests: made by the one-time link where nobody has used it yet. */
import { expect, type Page } from '@playwright/test';

export const person = {
  name: 'Ada Marsh',
  email: 'ada@example.com',
  password: 'a few words are easier to keep',
};

export const url = (path: string): string => process.env['GROUNDWORK_URL']! + path;

/** Signs the page's browser in by the API, and makes the person first where there is none. */
export async function comeIn(page: Page): Promise<void> {
  const { name, email, password } = person;
  const known = await page.request.post(url('/api/v1/session'), { data: { email, password } });
  if (known.ok()) return;
  const token = new URL(process.env['GROUNDWORK_SET_UP']!).searchParams.get('token');
  const workspace = { name: 'Oakmoor Sensing', timeZone: 'Europe/Berlin', currency: 'EUR', country: 'DE' };
  const made = await page.request.post(url('/api/v1/setup'), {
    data: { token, name, email, password, workspace },
  });
  expect(made.status(), await made.text()).toBe(201);
}

type Row = { id: string } & Record<string, unknown>;

/** The records of an object under a condition, as the API has them. */
export async function recordsOf(page: Page, object: string, where: unknown, sort = 'id'): Promise<Row[]> {
  const query = `where=${encodeURIComponent(JSON.stringify(where))}&sort=${sort}&limit=200`;
  const answer = await page.request.get(url(`/api/v1/${object}?${query}`));
  return ((await answer.json()) as { data: Row[] }).data;
}

export async function recordCalled(page: Page, object: string, name: string): Promise<Row> {
  const [found] = await recordsOf(page, object, { name });
  expect(found, `${name} is in the sample`).toBeDefined();
  return found!;
}
