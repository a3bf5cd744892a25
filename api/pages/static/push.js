// Registers this browser for push, when the person asks for it. Without this file the form stays hidden.
const form = document.querySelector("form[data-push-key]");
const isPossible = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

const subscribed = async () => {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("not granted");
  await navigator.serviceWorker.register("/push-worker.js", { scope: "/account" });
  const { pushManager } = await navigator.serviceWorker.ready;
  // One of another login, or of a key that was replaced.
  await (await pushManager.getSubscription())?.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: form.dataset.pushKey };
  return (await pushManager.subscribe(options)).toJSON();
};

// Nothing is registered any more, so this browser needs no subscription either.
const forget = async () => {
  const worker = await navigator.serviceWorker.getRegistration("/account");
  await (await worker?.pushManager.getSubscription())?.unsubscribe();
};

if (form && isPossible) {
  const { endpoint, p256dh, auth } = form.elements;
  form.hidden = false;
  if (!document.querySelector("[data-push-browser]")) forget().catch(() => {});
  form.addEventListener("submit", async (event) => {
    if (endpoint.value) return;
    event.preventDefault();
    try {
      const made = await subscribed();
      [endpoint.value, p256dh.value, auth.value] = [made.endpoint, made.keys.p256dh, made.keys.auth];
      form.requestSubmit();
    } catch {
      form.querySelector("[data-push-failed]").hidden = false;
    }
  });
}
