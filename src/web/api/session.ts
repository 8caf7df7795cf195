/** Signing in and out, and the first set-up of a workspace. */
import { request } from './request.ts';

export type SetupInput = {
  token: string;
  name: string;
  email: string;
  password: string;
  workspace: { name: string; timeZone: string; currency: string; country: string };
};

export const signIn = (input: { email: string; password: string }) =>
  request<unknown>('POST', '/session', { body: input });

export const signOut = () => request<void>('DELETE', '/session');

/** Whether a set-up link still holds; refused where it does not. */
export const checkSetUp = (token: string) =>
  request<{ currency?: string }>('POST', '/setup/check', { body: { token } });

/** Makes the first administrator and signs the browser in. */
export const setUp = (input: SetupInput) => request<unknown>('POST', '/setup', { body: input });
