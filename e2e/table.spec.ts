/** The table: its filter, sort and search are the API's own, its keys and its undo work. */
import { expect, test, type Page } from '@playwright/test';
import { comeIn, recordCalled, recordsOf, url } from './someone.ts';

test.beforeEach(({ page }) => comeIn(page));

/** Names of the rows in sight, from above. */
const names = (page: Page) => page.locator('tbody tr[aria-rowindex] td:nth-child(2)').allInnerTexts();

test('a filter is built from field, comparison and values, reads as a sentence and is in the address', async ({
  page,
}) => {
  await page.goto(url('/o/deals'));
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('combobox', { name: 'Field' }).fill('stage');
  await page.keyboard.press('Enter');
  await page.getByRole('checkbox', { name: 'Qualified' }).check();
  await page.getByRole('checkbox', { name: 'Negotiation' }).check();
  await page.getByRole('button', { name: 'Apply' }).click();

  await expect(page.getByRole('group', { name: 'Filter' })).toContainText(
    'Deals where stage is one of Qualified, Negotiation',
  );
  const wanted = await recordsOf(page, 'deals', { stage: ['qualified', 'negotiation'] });
  await expect(page.locator('footer')).toContainText(`${wanted.length} deals`);

  await page.reload();
  await expect(page.locator('footer')).toContainText(`${wanted.length} deals`);
  await page.getByRole('button', { name: 'Remove this condition' }).click();
  await expect(page.locator('footer')).not.toContainText(`${wanted.length} deals`);
  await page.goBack();
  await expect(page.locator('footer')).toContainText(`${wanted.length} deals`);
});

test('“owner is me” asks for my own', async ({ page }) => {
  const me = ((await (await page.request.get(url('/api/v1/me'))).json()) as { user: string }).user;
  const deal = await recordCalled(page, 'deals', 'Sawmill line');
  await page.request.patch(url(`/api/v1/deals/${deal.id}`), { data: { owner: me } });
  await page.goto(url('/o/deals'));
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('combobox', { name: 'Field' }).fill('owner');
  await page.keyboard.press('Enter');
  await page.getByRole('combobox', { name: 'Add a value' }).click();
  await page.getByRole('option', { name: 'Me', exact: true }).click();
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('group', { name: 'Filter' })).toContainText('owner is one of me');
  await expect.poll(() => names(page)).toEqual(['Sawmill line']);
});

test('a head sorts up, then down, in the order of the API', async ({ page }) => {
  await page.goto(url('/o/deals?where={"amount":{"missing":false}}'));
  for (const sort of ['amount', '-amount']) {
    await page.getByRole('button', { name: 'Amount', exact: true }).click();
    const [first] = await recordsOf(page, 'deals', { amount: { missing: false } }, sort);
    await expect(page).toHaveURL(new RegExp(`sort=${sort}(&|$)`));
    await expect.poll(async () => (await names(page))[0]).toBe(first!['name']);
  }
  await expect(page.getByRole('columnheader', { name: 'Amount' })).toHaveAttribute('aria-sort', 'descending');
});

test('a long list is read page by page to its very end', async ({ page }) => {
  const [[first], [end]] = [
    await recordsOf(page, 'activities', {}, 'occurred_at,subject'),
    await recordsOf(page, 'activities', {}, '-occurred_at,-subject'),
  ];
  await page.goto(url('/o/activities?sort=occurred_at,subject'));
  await expect(page.locator('tbody tr[aria-rowindex]').first()).toBeVisible();
  const list = page.locator('[data-table-scroll]');
  await expect(async () => {
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    expect((await names(page)).at(-1)).toBe(end!['subject']);
  }).toPass({ timeout: 20_000 });
  // What is drawn stays a screenful, whatever the length of the list.
  expect(await page.locator('tbody tr').count()).toBeLessThan(80);
  await list.evaluate((element) => element.scrollTo(0, 0));
  await expect.poll(async () => (await names(page))[0]).toBe(first!['subject']);
});

test('the keys move, select, peek and open', async ({ page }) => {
  await page.goto(url('/o/accounts?sort=name'));
  const accounts = await recordsOf(page, 'accounts', {}, 'name');
  await expect(page.getByRole('link', { name: String(accounts[0]!['name']), exact: true })).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await expect(page.getByRole('toolbar')).toContainText('1 selected');
  await page.keyboard.press('Space');
  const peek = page.getByRole('complementary', { name: 'Peek' });
  await expect(peek.getByRole('heading', { name: String(accounts[1]!['name']) })).toBeVisible();
  await page.keyboard.press('j');
  await expect(peek.getByRole('heading', { name: String(accounts[2]!['name']) })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(peek).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(url(`/o/accounts/${accounts[2]!.id}`));
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(page).toHaveURL(url('/o/deals'));
});

test('Ctrl K finds a record of any object and opens it', async ({ page }) => {
  await page.goto(url('/o/deals'));
  await expect(page.locator('tbody tr[aria-rowindex]').first()).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox', { name: 'Search or run a command' })).toBeFocused();
  await page.keyboard.type('brightwater');
  await expect(page.getByRole('option', { name: 'Brightwater Foods Account' })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Brightwater Foods', level: 1 })).toBeVisible();
});

test('what is archived leaves the list, and undo brings it back', async ({ page }) => {
  await page.goto(url('/o/campaigns'));
  const [one] = await recordsOf(page, 'campaigns', {}, '-id');
  const name = String(one!['name']);
  await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  await page.getByRole('button', { name: 'Archive' }).click();
  await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name, exact: true })).toBeVisible();
  expect(await recordsOf(page, 'campaigns', { name })).toHaveLength(1);
});

test('columns are chosen, and stay chosen', async ({ page }) => {
  await page.goto(url('/o/deals'));
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Source' }).check();
  await page.getByRole('checkbox', { name: 'Account' }).uncheck();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('columnheader', { name: 'Source' })).toBeVisible();
  await page.goto(url('/o/deals'));
  await expect(page.getByRole('columnheader', { name: 'Source' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Account' })).toHaveCount(0);
});
