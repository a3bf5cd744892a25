// In the frame on a business's own site: tells the page around it how high it is, and that something was booked.
const { origins, booked } = document.getElementById("embedded").dataset;
const tell = (message) => { for (const origin of origins.split(" ")) parent.postMessage(message, origin); };
new ResizeObserver(() => tell({ type: "height", height: document.documentElement.offsetHeight })).observe(document.documentElement);
if (booked) tell({ type: "booked" });
