/** What a newcomer meets: the one-time link, signing in, the table, a deal that may not move on. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

const url = (path: string): string => process.env['GROUNDWORK_URL']! + path;
const person = { email: 'ada@example.com', password: 'a few words are easier to keep' };

async function signIn(page: Page, path = '/'): Promise<void> {
  await page.goto(url(path));
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation').first()).toBeVisible();
}

/** Address of the page of the sample's deal that is qualified and lacks what a proposal needs. */
async function qualifiedDeal(page: Page): Promise<string> {
  const where = encodeURIComponent(JSON.stringify({ name: 'Line monitoring, plants 2 and 3' }));
  const answer = await page.request.get(url(`/api/v1/deals?where=${where}`));
  const { data } = (await answer.json()) as { data: { id: string }[] };
  return `/o/deals/${data[0]!.id}`;
}

/** The stage of the record whose page is open, as the API has it. */
async function stageOf(page: Page): Promise<unknown> {
  const path = new URL(page.url()).pathname.replace(/^\/o\//, '/api/v1/');
  const record = (await (await page.request.get(url(path))).json()) as { stage: unknown };
  return record.stage;
}

/** Grave findings of the accessibility rules, each with the elements it is about. */
async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

test.describe.serial('the first day', () => {
  test('the first person comes in by the one-time link and sees the work', async ({ page }) => {
    await page.goto(process.env['GROUNDWORK_SET_UP']!);
    await page.getByLabel('Your name').fill('Ada Marsh');
    await page.getByLabel('Your e-mail').fill(person.email);
    await page.getByLabel('Password', { exact: true }).fill(person.password);
    await page.getByLabel('Name of the company or team').fill('Oakmoor Sensing');
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Set up' }).click();
    await expect(page.getByRole('navigation').getByRole('link', { name: 'Deals' })).toBeVisible();
  });

  test('the one-time link holds once', async ({ page }) => {
    await page.goto(process.env['GROUNDWORK_SET_UP']!);
    await expect(page.getByRole('heading', { name: 'This link does not hold any more' })).toBeVisible();
  });

  test('who is not signed in is asked to, and then is where they wanted to go', async ({ page }) => {
    await page.goto(url('/o/accounts'));
    await expect(page).toHaveURL(/\/sign-in/);
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel('E-mail').fill(person.email);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByText('E-mail and password do not match')).toBeVisible();
    await page.getByLabel('Password', { exact: true }).fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(/\/o\/accounts/);
    await expect(page.getByText('Danubia Sugar')).toBeVisible();
  });

  test('the table finds a deal by a part of its name', async ({ page }) => {
    await signIn(page, '/o/deals');
    await page.getByPlaceholder('Find deals').fill('plants 2');
    await expect(page.getByText('Line monitoring, plants 2 and 3').first()).toBeVisible();
    await expect(page.getByText('Compressed-air audit')).toHaveCount(0);
    expect(await barriers(page)).toEqual([]);
  });

  test('a deal cannot pass its checkpoint: the page asks for all that is missing, and says why', async ({
    page,
  }) => {
    await signIn(page);
    await page.goto(url(await qualifiedDeal(page)));
    await expect(page.getByRole('heading', { name: 'Line monitoring, plants 2 and 3' })).toBeVisible();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Move to Proposal sent' }).first().click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByText('Three things are missing before Proposal sent')).toBeVisible();
    await expect(
      dialog.getByText('Whoever takes over reads the same offer that the customer reads.'),
    ).toBeVisible();
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await stageOf(page)).toBe('qualified');
  });

  test('filling in what is asked for moves it, all in one', async ({ page }) => {
    await signIn(page);
    await page.goto(url(await qualifiedDeal(page)));
    await page.getByRole('button', { name: 'Move to Proposal sent' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Expected close').fill('in 4 weeks');
    await dialog.getByLabel('Proposal sent on').fill('today');
    await dialog
      .locator('input[type=file]')
      .setInputFiles({ name: 'offer.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\n') });
    await expect(dialog.getByText('offer.pdf')).toBeVisible();
    await dialog.getByRole('button', { name: 'Save and move' }).click();
    await expect(page.getByText('Moved to Proposal sent.')).toBeVisible();
    expect(await stageOf(page)).toBe('proposal_sent');
  });
});
