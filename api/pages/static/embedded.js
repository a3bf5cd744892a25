// In the frame on a business's own site: sends the page around it its height, and that something was booked.
const { origins, booked } = document.getElementById("embedded").dataset;
const send = (message) => { for (const origin of origins.split(" ")) parent.postMessage(message, origin); };
new ResizeObserver(() => send({ type: "height", height: document.documentElement.offsetHeight })).observe(document.documentElement);
if (booked) send({ type: "booked" });
