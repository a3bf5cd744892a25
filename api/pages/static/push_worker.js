// Shows messages that are pushed to this browser, and opens their page. It answers no requests of pages.
const parsed = (event) => {
  try {
    return event.data.json();
  } catch {
    return {};
  }
};
addEventListener("push", (event) => {
  const { title, body, url, tag, lang } = parsed(event);
  // A browser wants to see a notification for every push.
  event.waitUntil(registration.showNotification(title || "Omotenashi", { body, tag, lang, data: url }));
});
addEventListener("notificationclick", (event) => {
  event.notification.close();
  let target;
  try {
    target = new URL(event.notification.data, location.origin);
  } catch {
    target = new URL(location.origin);
  }
  // Our own pages alone.
  if (target.origin !== location.origin) target = new URL("/account", location.origin);
  event.waitUntil(clients.openWindow(target.href));
});
