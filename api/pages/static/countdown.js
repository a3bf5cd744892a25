// Shows how much of a hold or an offer is left. The server decides; this only counts. At its end the form goes away and what can
// be done now appears.
const two = (number) => String(number).padStart(2, "0");
// 9:05, or 71:09:05 where hours are left.
const clock = (left) => {
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor(left / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
};
for (const element of document.querySelectorAll(".countdown")) {
  const end = performance.now() + Number(element.dataset.seconds) * 1000;
  const show = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    element.textContent = left
      ? `${element.dataset.label} ${clock(left)}`
      : element.dataset.over;
    // Screen readers hear the minutes and the end, not every second.
    element.setAttribute("aria-live", left % 60 === 0 ? "polite" : "off");
    if (left) return setTimeout(show, 1000);
    for (const one of document.querySelectorAll("[data-until-end]")) one.hidden = true;
    for (const one of document.querySelectorAll("[data-after-end]")) one.hidden = false;
  };
  show();
}
// A page that the back button brings again counts from an old time.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
