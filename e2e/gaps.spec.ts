/** Gaps of an old record: what is missing and why stands on its page, and one form fills it before it moves on. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { comeIn, recordCalled, url } from './someone.ts';

/** An old deal, imported with its history: it stands in a stage whose checkpoints it never passed. */
async function oldDeal(page: Page, name: string): Promise<string> {
  await page.evaluate(async (called) => {
    const form = new FormData();
    form.set('object', 'deals');
    form.set('history', 'true');
    form.set('mapping', 'constants: { pipeline: new_business }');
    form.set('file', new Blob([`name,stage,opened_on\n${called},qualified,2017-03-01\n`]), 'old.csv');
    await fetch('/api/v1/imports', { method: 'POST', body: form });
  }, name);
  return (await recordCalled(page, 'deals', name)).id;
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 390]) {
    test.describe(`${colorScheme}, ${width} px`, () => {
      test.use({ colorScheme, viewport: { width, height: 844 } });

      test('the gaps of an old deal are counted and told, and its next move asks for them', async ({
        page,
      }) => {
        await comeIn(page);
        await page.goto(url('/o/deals'));
        const id = await oldDeal(page, `Old ${colorScheme} ${width}`);
        await page.goto(url(`/o/deals/${id}`));
        const gaps = page.getByRole('region', { name: '2 gaps' });
        await expect(gaps.getByRole('listitem')).toHaveCount(2);
        await expect(gaps).toContainText('Asked for before it moves on.');
        await page.waitForLoadState('networkidle');
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id: rule }) => rule)).toEqual([]);
        const sideways = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(sideways).toBe(0);
        await gaps.getByRole('button', { name: 'Fill in' }).click();
        await expect(page.getByRole('dialog')).toContainText(/missing|call/i);
        // Others count what is there.
        await page.evaluate((old) => fetch(`/api/v1/deals/${old}`, { method: 'DELETE' }), id);
      });
    });
  }
}
