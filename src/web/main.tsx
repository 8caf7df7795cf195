/** Where the web begins: theme, words, cache, addresses. */
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './ui/mantine.css';
import './ui/tokens.css';
import './ui/base.css';
import { makeQueryClient } from './api/query-client.ts';
import './messages/messages.ts';
import { makeRouter } from './router.tsx';
import { theme } from './ui/theme.ts';

const client = makeQueryClient({
  signedOut: () => {
    const { pathname, href } = router.state.location;
    if (pathname === '/sign-in' || pathname === '/setup') return;
    client.clear();
    void router.navigate({ to: '/sign-in', search: { to: href } });
  },
});
const router = makeRouter(client);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
        <Notifications position="bottom-left" limit={4} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
