/**
 * Files as other systems write them, loaded without a mapping: every data row is there afterwards or refused with its
 * line and reason, columns find their fields by name, and records find each other by the ids they had there.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isProblem } from '../../core/errors/problem.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { list } from '../read/list.ts';
import { importFile } from './import-file.ts';
import type { ImportInput } from './import-options.ts';
import type { ImportResult } from './import-result.ts';

const data = join(import.meta.dirname, '../../../../shared/data/imports');
const missing = !existsSync(data);

describe.skipIf(missing)(
  `files of other systems${missing ? ' (skipped: ../shared/data/imports is not here)' : ''}`,
  () => {
    let workspace: TestWorkspace;
    beforeAll(async () => {
      workspace = await testWorkspace();
    });
    afterAll(() => workspace?.close());

    const filesIn = (folder: string): string[] =>
      readdirSync(join(data, folder))
        .sort()
        .filter((name) => statSync(join(data, folder, name)).isFile() && !name.endsWith('.json'))
        .map((name) => join(folder, name));
    const load = (file: string, object: string, more: Partial<ImportInput> = {}): Promise<ImportResult> =>
      importFile(workspace.admin, { path: join(data, file), fileName: basename(file), object, ...more });
    const mapped = ({ columns }: ImportResult): Record<string, string> =>
      Object.fromEntries(columns.map(({ header, field }) => [header, field]));
    /** Loaded, refused, values left empty; or the code of the refusal. */
    const cameTo = async (file: string, object: string): Promise<number[] | string> => {
      try {
        const result = await load(file, object);
        expect(result.done + result.refused_total).toBe(result.total);
        for (const row of result.refused) {
          expect(row.line).toBeGreaterThan(1);
          expect(row.errors[0]!.message).toMatch(/\.$/);
          expect(row.errors[0]!.fix.say).not.toBe('');
        }
        return [result.done, result.refused_total, result.left_total];
      } catch (error) {
        if (isProblem(error)) return error.body.code;
        throw error;
      }
    };
    const all = async (folder: string, object: string): Promise<Record<string, number[] | string>> => {
      const found: Record<string, number[] | string> = {};
      for (const file of filesIn(folder)) found[basename(file)] = await cameTo(file, object);
      return found;
    };

    test('13 messy lead lists: only the rows without any name are refused', async () => {
      expect(await all('messy_crm_exports', 'leads')).toEqual({
        '01-facebook-leads-standard.csv': [5, 0, 1],
        '03-google-ads-leads.csv': [0, 3, 0],
        '05-excel-export.csv': [3, 0, 0],
        '07-real-estate-crm.csv': [3, 0, 9],
        '09-duplicate-headers.csv': [2, 0, 0],
        '11-international-names.csv': [4, 0, 0],
        '13-mixed-languages.csv': [3, 0, 0],
        '15-duplicate-rows.csv': [5, 0, 1],
        '17-formula-injection.csv': [5, 0, 0],
        '19-empty-columns.csv': [3, 0, 0],
        '21-tab-separated.csv': [2, 0, 0],
        '23-quoted-fields-multiline.csv': [2, 0, 0],
        '25-hubspot-export.csv': [3, 0, 5],
      });
    });

    test('28 contact lists of a messaging service: .xls is refused in a sentence, the others load', async () => {
      const found = await all('rapidpro_contact_imports', 'contacts');
      const refused = Object.entries(found).filter(([, came]) => typeof came === 'string');
      expect(refused.every(([name, code]) => name.endsWith('.xls') && code === 'not_csv')).toBe(true);
      expect(refused).toHaveLength(Object.keys(found).filter((name) => name.endsWith('.xls')).length);
      const loaded = Object.fromEntries(Object.entries(found).filter(([name]) => !name.endsWith('.xls')));
      expect(loaded).toEqual({
        'data_formats.xlsx': [1, 0, 0],
        'duplicate_urn.xlsx': [3, 0, 1],
        'duplicate_uuid.xlsx': [3, 0, 0],
        'empty.csv': [0, 0, 0],
        'encoding_iso-8859-1.csv': [1, 0, 0],
        'encoding_utf16-be.csv': [1, 0, 0],
        'encoding_utf16-le.csv': [1, 0, 0],
        'explicit_clearing.xlsx': [3, 0, 0],
        'extra_fields_and_group.xlsx': [3, 0, 0],
        'farmers.csv': [2, 0, 0],
        'header_chars.xlsx': [2, 0, 0],
        'invalid_field_key.xlsx': [3, 0, 0],
        'invalid_scheme.xlsx': [3, 0, 0],
        'invalid_urn.xlsx': [2, 0, 2],
        'multiple_tel_urns.xlsx': [2, 0, 0],
        'no_urn_or_uuid.xlsx': [3, 0, 0],
        'numerical_header.xlsx': [3, 0, 0],
        'reserved_field_key.xlsx': [3, 0, 0],
        'simple.csv': [3, 0, 0],
        'simple.xlsx': [3, 0, 0],
        'uppercase.xlsx': [2, 0, 0],
        'uuid_only.csv': [3, 0, 0],
        'with_empty_rows.xlsx': [3, 0, 0],
        'with_uuid.xlsx': [2, 0, 0],
      });
    });

    test('423 accounts and 38 opportunities of Salesforce, each at its account by the id it had there', async () => {
      const folder = 'salesforce_dataloader/samples/data';
      const accounts = await load(`${folder}/accountData.csv`, 'accounts');
      expect(accounts).toMatchObject({ done: 423, refused_total: 0 });
      expect(mapped(accounts)).toMatchObject({ ID: 'old_id', PARENTID: 'parent.old_id', NAME: 'name' });
      const deals = await load(`${folder}/opportunityData.csv`, 'deals');
      expect(deals).toMatchObject({ done: 38, refused_total: 0 });
      const known = new Set(
        readFileSync(join(data, folder, 'accountData.csv'), 'latin1')
          .split('\n')
          .map((line) => line.slice(1, 19)),
      );
      const links = readFileSync(join(data, folder, 'opportunityData.csv'), 'latin1').match(/"001x\w{14}"/g)!;
      const { data: linked, total } = await list(workspace.admin, {
        object: 'deals',
        where: { account: { missing: false } },
        fields: ['old_id'],
        limit: 200,
        count: 'exact',
      });
      expect(total).toBe(links.filter((id) => known.has(id.slice(1, -1))).length);
      expect(linked.every((deal) => String(deal['old_id']).startsWith('006x'))).toBe(true);
      const unlinked = deals.left.filter(({ field }) => field === 'account');
      expect(unlinked).toHaveLength(38 - total!);
    });

    test('telephone numbers keep their extensions', async () => {
      const contacts = await load('basudev_crm/Contacts.csv', 'contacts');
      expect(contacts).toMatchObject({ done: 100, refused_total: 0, left_total: 0 });
      const lines = readFileSync(join(data, 'basudev_crm/Contacts.csv'), 'utf8')
        .trim()
        .split(/\r?\n/)
        .slice(1);
      const expected = new Map(
        lines.flatMap((line) => {
          const [id, , , phone] = line.split(',');
          const extension = /x(\d+)$/.exec(phone!)?.[1];
          return extension === undefined ? [] : [[id!, extension] as const];
        }),
      );
      expect(expected.size).toBe(57);
      const { data: found } = await list(workspace.admin, {
        object: 'contacts',
        where: { old_id: { in: [...expected.keys()] } },
        fields: ['old_id', 'phone'],
        limit: 200,
      });
      expect(found).toHaveLength(57);
      for (const { old_id: id, phone } of found)
        expect(JSON.stringify(phone)).toMatch(new RegExp(`(x|ext\\.? ?|;ext=)${expected.get(String(id))}"`));
    });

    test('other exports load, and what they cannot say is refused by its line', async () => {
      expect({
        products: await cameTo('basudev_crm/Products.csv', 'products'),
        leads: await cameTo('basudev_crm/Leads.csv', 'leads'),
        atomic: await cameTo('atomic_crm/contacts_export.csv', 'contacts'),
        mautic: await cameTo('mautic/10contacts.csv', 'contacts'),
        mauticLeads: await cameTo('mautic/fakeleaddata.csv', 'leads'),
        template: await cameTo('salesforce_npsp/NPSP_Data_Import_Template.csv', 'contacts'),
      }).toEqual({
        products: [200, 0, 0],
        leads: [0, 200, 0],
        atomic: [2, 0, 0],
        mautic: [10, 0, 10],
        mauticLeads: [50, 4, 0],
        template: [1, 0, 3],
      });
    });

    test.each([
      [
        'google_contacts_2024',
        {
          'First Name': 'first_name',
          'Last Name': 'last_name',
          'Organization Name': 'account',
          'Organization Title': 'job_title',
          Birthday: 'birth_date',
          'E-mail 1 - Value': 'email',
          'Phone 1 - Value': 'phone',
          'Address 1 - Postal Code': 'postcode',
        },
      ],
      [
        'google_contacts_legacy',
        {
          'Given Name': 'first_name',
          'Family Name': 'last_name',
          'E-mail 1 - Value': 'email',
          'Phone 1 - Value': 'phone',
        },
      ],
      [
        'outlook_contacts_en_92col',
        {
          'First Name': 'first_name',
          'Last Name': 'last_name',
          'Job Title': 'job_title',
          'Business Street': 'street',
          'Business Country/Region': 'country',
          'Mobile Phone': 'phone',
          'E-mail Address': 'email',
          Birthday: 'birth_date',
        },
      ],
      [
        'pipedrive_official_sample_import',
        {
          'Person - First name': 'first_name',
          'Person - Last name': 'last_name',
          'Person - Email (Work)': 'email',
          'Person - Phone': 'phone',
          'Organization - Name*': 'account',
        },
      ],
      [
        'hubspot_contacts_export',
        {
          'Record ID': 'old_id',
          'First Name': 'first_name',
          'Last Name': 'last_name',
          Email: 'email',
          'Mobile Phone Number': 'phone',
          'Company Name': 'account',
          'Contact owner': 'owner',
        },
      ],
    ])('the columns of %s are understood', async (name, expected) => {
      const result = await load(`header_rows/${name}.csv`, 'contacts', { dryRun: true });
      expect(mapped(result)).toMatchObject(expected);
    });
  },
);
