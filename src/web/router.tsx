/** The addresses of the app. Each page is a chunk of its own, loaded when it is opened or hovered. */
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { catalogQuery } from './api/catalog.ts';
import { problemOf } from './api/request.ts';
import { Broken, Missing, Waiting } from './pages/states.tsx';
import { signInSearch, tableSearch } from './search.ts';
import { sides } from './shell/sides.ts';

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: Missing,
  errorComponent: Broken,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => import('./pages/sign-in/sign-in-page.tsx'), 'SignInPage'),
});

const setUp = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./pages/set-up/set-up-page.tsx'), 'SetUpPage'),
});

/** All pages of those who are signed in; who is not is asked to, and comes back to where they wanted to go. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.query({ ...catalogQuery, staleTime: 'static' });
    } catch (error) {
      if (problemOf(error).status === 401) throw redirect({ to: '/sign-in', search: { to: location.href } });
      throw error;
    }
  },
  component: lazyRouteComponent(() => import('./shell/shell.tsx'), 'Shell'),
});

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: async ({ context }) => {
    const catalog = await context.client.query({ ...catalogQuery, staleTime: 'static' });
    const objects = sides(catalog).flatMap((side) => side.objects);
    const first = objects.find((object) => object.stage_field) ?? objects[0];
    if (first) throw redirect({ to: '/o/$object', params: { object: first.key }, replace: true });
  },
  component: Missing,
});

const table = createRoute({
  getParentRoute: () => shell,
  path: '/o/$object',
  validateSearch: tableSearch,
  component: lazyRouteComponent(() => import('./pages/table/table-page.tsx'), 'TablePage'),
});

const record = createRoute({
  getParentRoute: () => shell,
  path: '/o/$object/$id',
  component: lazyRouteComponent(() => import('./pages/record/record-page.tsx'), 'RecordPage'),
});

export const makeRouter = (client: QueryClient) =>
  createRouter({
    routeTree: root.addChildren([signIn, setUp, shell.addChildren([home, table, record])]),
    context: { client },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingComponent: Waiting,
    scrollRestoration: true,
    // Another filter or sort begins at its first row; going back finds the row one left.
    scrollToTopSelectors: ['[data-scroll-restoration-id="list"]'],
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
