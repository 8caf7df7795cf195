/** A record: made in a form, changed in its place, safe when two people change it, asked for a reason when it goes back. */
import { expect, test } from '@playwright/test';
import { comeIn, recordCalled, recordsOf, url } from './someone.ts';

test.beforeEach(({ page }) => comeIn(page));

test('a lead is made in the form; what is missing is said at its field, and nothing typed is lost', async ({
  page,
}) => {
  await page.goto(url('/o/leads'));
  await expect(page.locator('tbody tr[aria-rowindex]').first()).toBeVisible();
  await page.keyboard.press('c');
  const form = page.getByRole('dialog', { name: 'New lead' });
  await form.getByLabel('Company').fill('Harbour Glass');
  await form.getByLabel('E-mail').fill('not an address');
  await form.getByLabel(/^Name/).fill('Mira Holt');
  await form.getByRole('button', { name: 'Create lead' }).click();
  await expect(form.getByRole('alert')).toBeVisible();
  await expect(form.getByLabel('Company')).toHaveValue('Harbour Glass');

  await form.getByLabel('E-mail').fill('mira@harbourglass.example');
  await form.getByRole('button', { name: 'Create lead' }).click();
  await expect(page.getByRole('heading', { name: 'Mira Holt', level: 1 })).toBeVisible();
  const [lead] = await recordsOf(page, 'leads', { email: 'mira@harbourglass.example' });
  expect(lead).toMatchObject({ name: 'Mira Holt', company: 'Harbour Glass', stage: 'new' });
});

test('a value is changed in its place, and history says who changed it from what to what', async ({
  page,
}) => {
  const deal = await recordCalled(page, 'deals', 'Two more lines');
  await page.goto(url(`/o/deals/${deal.id}`));
  await page.getByRole('button', { name: 'Edit Amount' }).click();
  await page.getByRole('textbox', { name: 'Amount' }).fill('45500');
  await page.keyboard.press('Enter');
  await expect(page.getByText('to €45,500')).toBeVisible();
  expect((await recordCalled(page, 'deals', 'Two more lines'))['amount']).toMatchObject({
    amount: '45500.00',
  });
});

test('a refused value stays in its field with the reason', async ({ page }) => {
  const deal = await recordCalled(page, 'deals', 'Two more lines');
  await page.goto(url(`/o/deals/${deal.id}`));
  await page.getByRole('button', { name: 'Edit Expected close' }).click();
  await page.getByRole('textbox', { name: 'Expected close' }).fill('someday');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Expected close' })).toHaveValue('someday');
  await page.keyboard.press('Escape');
  expect((await recordCalled(page, 'deals', 'Two more lines'))['expected_close_on']).toBe(
    deal['expected_close_on'],
  );
});

test('when two people change the same field both values are shown, and one is chosen', async ({ page }) => {
  const account = await recordCalled(page, 'accounts', 'Halden Paper');
  await page.goto(url(`/o/accounts/${account.id}`));
  await page.getByRole('button', { name: 'Edit City' }).click();
  await page.getByRole('textbox', { name: 'City' }).fill('Halden by me');
  await page.request.patch(url(`/api/v1/accounts/${account.id}`), { data: { city: 'Halden by them' } });
  await page.keyboard.press('Enter');
  const both = page.getByRole('dialog', { name: 'City has changed meanwhile' });
  await expect(both).toContainText('Halden by them');
  await expect(both).toContainText('Halden by me');
  await both.getByRole('button', { name: 'Use mine' }).click();
  await expect(both).toHaveCount(0);
  await expect
    .poll(async () => (await recordCalled(page, 'accounts', 'Halden Paper'))['city'])
    .toBe('Halden by me');
});

test('when somebody changed another field meanwhile, mine is saved on top of theirs without a question', async ({
  page,
}) => {
  const account = await recordCalled(page, 'accounts', 'Aurel Textiles');
  await page.goto(url(`/o/accounts/${account.id}`));
  await page.getByRole('button', { name: 'Edit City' }).click();
  await page.getByRole('textbox', { name: 'City' }).fill('Guimarães');
  await page.request.patch(url(`/api/v1/accounts/${account.id}`), { data: { street: 'Rua Nova 4' } });
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => recordCalled(page, 'accounts', 'Aurel Textiles'))
    .toMatchObject({ city: 'Guimarães', street: 'Rua Nova 4' });
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('going back asks for the reason in the same form, and history keeps it', async ({ page }) => {
  const deal = await recordCalled(page, 'deals', 'Fleet of 40 gateways');
  await page.goto(url(`/o/deals/${deal.id}`));
  await page.getByRole('navigation', { name: /Path/ }).getByRole('button', { name: 'Qualified' }).click();
  await page.getByRole('menuitem', { name: 'Move to Qualified' }).click();
  const dialog = page.getByRole('dialog', { name: 'One thing is missing before Qualified' });
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('They changed the scope.');
  await dialog.getByRole('button', { name: 'Save and move' }).click();
  await expect(page.getByText('Moved to Qualified.')).toBeVisible();
  await expect(page.getByText('They changed the scope.')).toBeVisible();
});
