/** All words of the web, one file per language, keyed by page. English is built in. */
import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en.json' with { type: 'json' };

export const messages: i18n = i18next.createInstance();

void messages.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false },
  initAsync: false,
});

type Words = (key: string, params?: Record<string, unknown>) => string;

/** The words of a key that is put together at run time, or undefined where the file has none. */
export const wordsOf = (key: string, params?: Record<string, unknown>): string | undefined =>
  messages.exists(key) ? (messages.t as unknown as Words)(key, params) : undefined;
