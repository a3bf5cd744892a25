// Puts the provider's own form on the payment screen. The provider's script is loaded before this one and reads the card; its
// number never reaches us. Addresses and names: `api/pages/booking/payment_forms.py`.
const form = document.getElementById("payment");
const { provider, key, secret, back, locale } = form.dataset;
const place = document.getElementById("provider-form");
const button = form.querySelector(".go button");
const problem = document.getElementById("problem");
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function say(sentence) {
  problem.textContent = sentence;
  problem.hidden = false;
  button.disabled = false;
  problem.focus();
}

// Each gives a function that pays; its answer is the provider's error, or nothing when the browser leaves the page.
const forms = {
  stripe() {
    const stripe = Stripe(key, { locale });
    const elements = stripe.elements({
      clientSecret: secret,
      locale,
      appearance: { variables: { colorPrimary: color("--accent"), colorText: color("--ink"), colorBackground: color("--paper"), borderRadius: "8px" } },
    });
    elements.create("payment", { layout: "tabs" }).mount(place);
    return () => stripe.confirmPayment({ elements, confirmParams: { return_url: back } });
  },
  payjp_v2() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const widgets = PayjpPayments(key).widgets({ clientSecret: secret, locale, appearance: { theme: dark ? "dark" : "payjp" } });
    widgets.createForm("payment", { layout: "accordion" }).mount(place);
    return () => widgets.confirmPayment({ return_url: back });
  },
  payjp_v1() {
    const payjp = Payjp(key, { locale });
    const element = payjp.elements().create("card", { style: { base: { color: color("--ink") } } });
    element.mount(place);
    return async () => {
      const card = { name: form.elements.holder.value, email: form.elements.email.value };
      const made = await payjp.createToken(element, { card });
      if (made.error) return made;
      form.elements.card.value = made.id;
      form.submit();
      return {};
    };
  },
};

let pay;
try {
  pay = forms[provider]();
} catch {
  say(form.dataset.lost);
  button.disabled = true;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!pay || button.disabled) return;
  button.disabled = true;
  problem.hidden = true;
  try {
    const { error } = await pay();
    if (error) say(error.message || form.dataset.failed);
  } catch {
    say(form.dataset.failed);
  }
});
