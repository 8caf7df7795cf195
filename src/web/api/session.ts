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

export const setUp = (input: SetupInput) => request<unknown>('POST', '/setup', { body: input });
