/** On every screen: no barrier that the accessibility rules find in either theme, no sideways scroll on a phone. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { comeIn, recordCalled, url } from './someone.ts';

/** What the accessibility rules find, with the elements it is about. */
async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
  );
}

/** How far the page can be pushed sideways, px. */
const sideways = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

const settled = async (page: Page): Promise<void> => {
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() =>
    document.getAnimations().every((animation) => animation.playState !== 'running'),
  );
};

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme });

    test('the screens have no barrier', async ({ page }) => {
      await page.goto(url('/sign-in'));
      await settled(page);
      expect(await barriers(page), 'sign-in').toEqual([]);

      await comeIn(page);
      await page.goto(url('/o/deals?where={"stage":{"in":["qualified"]}}'));
      await page.getByRole('cell', { name: 'Qualified' }).first().click();
      await page
        .getByRole('checkbox', { name: /^Select / })
        .nth(1)
        .check();
      await settled(page);
      expect(await barriers(page), 'table, selection and peek').toEqual([]);

      const deal = await recordCalled(page, 'deals', 'Dryer section sensors');
      await page.goto(url(`/o/deals/${deal.id}`));
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await settled(page);
      expect(await barriers(page), 'record').toEqual([]);

      await page.getByRole('button', { name: /^Move to/ }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await settled(page);
      expect(await barriers(page), 'refused move').toEqual([]);

      await page.goto(url('/o/leads'));
      await page.getByRole('button', { name: 'New lead' }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await settled(page);
      expect(await barriers(page), 'new lead').toEqual([]);
    });
  });
}

test.describe('at 390 px', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('no screen scrolls sideways, and what is tapped is large enough', async ({ page }) => {
    await comeIn(page);
    const deal = await recordCalled(page, 'deals', 'Dryer section sensors');
    const address = encodeURIComponent(
      '{"all":[{"stage":{"in":["qualified","negotiation","new"]}},{"amount":{"gte":1}}]}',
    );
    for (const path of [
      '/sign-in',
      '/setup?token=none',
      '/o/deals',
      `/o/deals?where=${address}`,
      '/o/accounts',
      `/o/deals/${deal.id}`,
    ]) {
      await page.goto(url(path));
      await settled(page);
      expect(await sideways(page), path).toBe(0);
    }
    const small = await page
      .locator('nav button:visible, nav a:visible, main button:visible')
      .evaluateAll((elements) =>
        elements
          .map((element) => ({ name: element.textContent, height: element.getBoundingClientRect().height }))
          .filter(({ height }) => height > 1 && height < 44),
      );
    expect(small).toEqual([]);
  });

  test('everything is reached from the bar at the thumb', async ({ page }) => {
    await comeIn(page);
    await page.goto(url('/o/deals'));
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Contacts' }).click();
    await expect(page).toHaveURL(url('/o/contacts'));
    await page.locator('main li a').first().click();
    await expect(page).toHaveURL(/\/o\/contacts\/[0-9a-f-]{36}$/);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });
});
