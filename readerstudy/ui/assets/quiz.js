// The quiz: shows one case, saves one answer. An answer counts as saved only when the server says
// so; until then it waits in localStorage under its own token and is sent again, which is harmless.
(() => {
  "use strict";
  const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
  const TIMEOUT_MS = 15000;
  const DOUBLE_CLICK_MS = 400;
  let root, words, pendingKey, readerCode;
  let current = null;
  let busy = true;
  let shownAt = 0;
  let active = { since: 0, total: 0 };

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const say = (key, values = {}) =>
    Object.entries(values).reduce((text, [k, v]) => text.replaceAll(`{${k}}`, v), words?.[key] ?? "");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function token() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // --- talking to the server ---------------------------------------------------------------

  async function call(path, body) {
    const response = await fetch(`/study-api/${path}`, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status >= 500 || response.status === 429) throw new Error(String(response.status));
    return { status: response.status, data: await response.json() };
  }

  // Resolves only with the server's own word; waits longer each time, and at once when back online.
  async function insist(path, body, whenFailed) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call(path, body);
      } catch {
        whenFailed();
        const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] * (0.8 + 0.4 * Math.random());
        await Promise.race([
          sleep(wait),
          new Promise((done) => addEventListener("online", done, { once: true })),
        ]);
      }
    }
  }

  function pending() {
    try {
      return JSON.parse(localStorage.getItem(pendingKey));
    } catch {
      return null;
    }
  }

  function remember(answer) {
    try {
      if (answer) localStorage.setItem(pendingKey, JSON.stringify(answer));
      else localStorage.removeItem(pendingKey);
    } catch {
      /* Private windows may forbid storage; the answer then lives as long as the page. */
    }
  }

  // --- saving -------------------------------------------------------------------------------

  function tell(state, key, values) {
    const line = part("state");
    line.dataset.state = state;
    line.textContent = say(key, values);
  }

  async function deliver(answer) {
    tell("saving", "quiz.saving");
    const { status, data } = await insist("answer", answer, () => tell("retrying", "quiz.retrying"));
    if (status === 401) return signedOut();
    if (status === 403) return stop(data.detail);
    remember(null);
    if (status === 200) tell("saved", "quiz.saved");
    else if (status === 409) tell("kept", "quiz.kept");
    else tell("refused", "quiz.refused", { reason: data.detail });
    return next();
  }

  function save() {
    if (busy || !current) return;
    const picked = root.querySelector("input[name=answer]:checked");
    if (!picked) {
      tell("hint", "quiz.pick");
      return;
    }
    setBusy(true);
    const slider = root.querySelector("input[type=range][data-set]");
    const answer = {
      case_token: current.case_token,
      answer: picked.value,
      confidence: slider ? Number(slider.value) : null,
      client_token: token(),
      active_ms: Math.round(activeMs()),
      reader_code: readerCode,
    };
    remember(answer);
    deliver(answer);
  }

  function setBusy(value) {
    busy = value;
    const fields = part("fields");
    if (fields) fields.disabled = value;
    updateSave();
  }

  function updateSave() {
    const button = part("save");
    if (button) button.disabled = busy || !root.querySelector("input[name=answer]:checked");
  }

  // --- time in view: a hidden tab does not count ----------------------------------------------

  function activeMs() {
    const running = document.hidden ? 0 : performance.now() - active.since;
    return active.total + running;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) active.total += performance.now() - active.since;
    else active.since = performance.now();
  });

  // --- drawing ------------------------------------------------------------------------------

  async function next() {
    const { status, data } = await insist("current", null, () => tell("retrying", "quiz.offline"));
    if (status === 401) return signedOut();
    if (status !== 200) return stop(data.detail);
    // Another link opened in this browser signs somebody else in: never answer for them.
    if (data.code !== readerCode) return stop(say("quiz.other_reader"));
    if (data.stage === "consent" || data.stage === "profile") return location.reload();
    current = data.case;
    if (current) drawCase();
    else drawEnd(data);
    return undefined;
  }

  function signedOut() {
    tell("refused", "quiz.signed_out");
    setBusy(true);
  }

  function stop(sentence) {
    tell("refused", "quiz.stopped", { reason: sentence });
    setBusy(true);
  }

  function drawEnd({ stage, answered, total }) {
    const key = stage === "closed" ? "quiz.closed" : "quiz.done";
    part("case").replaceChildren(
      element("div", { class: "sq-end" },
        element("h1", { tabindex: "-1" }, say(key)),
        element("p", {}, say(`${key}.what`, { answered, total }))),
    );
  }

  function drawCase() {
    const { position, total } = current;
    const heading = element("h1", { tabindex: "-1", class: "sq-count" },
      say("quiz.case", { position, total }));
    const bar = element("progress", { max: total, value: position - 1, "aria-hidden": "true" });
    part("case").replaceChildren(
      element("div", { class: "sq-progress" }, heading, bar),
      ...(current.synthetic ? [element("p", { class: "sq-synthetic" }, say("quiz.synthetic"))] : []),
      element("div", { class: "sq-columns" }, drawImage(), drawForm()),
    );
    shownAt = performance.now();
    active = { since: performance.now(), total: 0 };
    heading.focus({ preventScroll: true });
    root.scrollIntoView({ block: "start" });
  }

  function drawImage() {
    const image = element("img", { alt: say("quiz.image"), draggable: "false" });
    const button = element("button", { type: "button", class: "sq-image", "aria-label": say("quiz.zoom") }, image);
    loadImage(image, 0);
    button.addEventListener("click", () => enlarge(image.src));
    return button;
  }

  // No answer to a picture that has not arrived.
  function loadImage(image, attempt) {
    setBusy(true);
    image.onload = () => setBusy(false);
    image.onerror = async () => {
      tell("retrying", "quiz.offline");
      // An image element hides the reason; asking for the case tells an ended sign-in or study.
      const { status, data } = await insist("current", null, () => tell("retrying", "quiz.offline"));
      if (status === 401) return signedOut();
      if (status !== 200 || data.case?.case_token !== current?.case_token) return next();
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      if (image.isConnected) loadImage(image, attempt + 1);
      return undefined;
    };
    image.src = `${current.image}?try=${attempt}`;
  }

  function enlarge(source) {
    const close = element("button", { type: "button", autofocus: "" }, say("quiz.zoom.close"));
    const view = element("dialog", { class: "sq-zoom" }, element("img", { src: source, alt: say("quiz.image") }), close);
    view.addEventListener("click", () => view.close());
    view.addEventListener("close", () => view.remove());
    root.append(view);
    view.showModal();
  }

  function drawForm() {
    const options = element("div", { class: "sq-options" }, ...current.options.map(drawOption));
    const fields = element("fieldset", { "data-part": "fields", disabled: "" },
      element("legend", {}, say("quiz.question")), options);
    if (current.ask_confidence) fields.append(drawConfidence());
    const button = element("button", { type: "submit", "data-part": "save", disabled: "" }, say("quiz.save"));
    const hint = element("p", { class: "sq-hint" }, say("quiz.hint", { n: current.options.length }));
    const form = element("form", { class: "sq-form" }, fields, element("div", { class: "sq-actions" }, button), hint);
    form.addEventListener("change", updateSave);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save();
    });
    // The second click of a double click on "Save" must not choose in the next case.
    form.addEventListener("click", (event) => {
      if (performance.now() - shownAt < DOUBLE_CLICK_MS) event.preventDefault();
    }, true);
    return form;
  }

  function drawOption(option, index) {
    const isChinese = root.lang.startsWith("zh");
    const [first, second] = isChinese ? [option.name_zh, option.name_en] : [option.name_en, option.name_zh];
    return element("label", { class: "sq-option" },
      element("input", { type: "radio", name: "answer", value: option.code }),
      element("kbd", { "aria-hidden": "true" }, String(index + 1)),
      element("span", {}, element("b", {}, first),
        element("small", { lang: isChinese ? "en" : "zh-Hans" }, second)));
  }

  function drawConfidence() {
    const value = element("output", {}, say("quiz.confidence.unset"));
    const slider = element("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": say("quiz.confidence") });
    slider.addEventListener("input", () => {
      slider.dataset.set = "yes";
      value.textContent = slider.value;
    });
    return element("label", { class: "sq-confidence" },
      element("span", {}, say("quiz.confidence"), value), slider,
      element("small", {}, element("i", {}, say("quiz.confidence.low")), element("i", {}, say("quiz.confidence.high"))));
  }

  // --- keys ---------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (!root?.isConnected || busy || !current || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || root.querySelector("dialog[open]")) return;
    const radios = [...root.querySelectorAll("input[name=answer]")];
    if (event.key >= "1" && event.key <= String(Math.min(radios.length, 9))) {
      const radio = radios[Number(event.key) - 1];
      radio.checked = true;
      radio.focus({ preventScroll: true });
      updateSave();
      event.preventDefault();
    } else if (event.key === "Enter" && !event.target.closest?.(".sq-image, a")) {
      event.preventDefault();
      save();
    }
  });

  // --- start --------------------------------------------------------------------------------

  async function start(place) {
    root = place;
    root.replaceChildren(
      element("div", { "data-part": "case" }),
      element("p", { "data-part": "state", class: "sq-state", role: "status", "aria-live": "polite" }),
    );
    const { status, data } = await insist("status", null, () => tell("retrying", "quiz.offline"));
    if (status === 401) {
      location.reload();
      return;
    }
    if (status !== 200) {
      part("state").textContent = data.detail;
      return;
    }
    words = data.words;
    readerCode = data.code;
    root.lang = data.language === "zh" ? "zh-Hans" : "en";
    document.documentElement.lang = root.lang;
    pendingKey = `skinreader-pending-${data.code}`;
    const waiting = pending();
    if (waiting) await deliver(waiting);
    else await next();
  }

  // Gradio draws the place for the quiz when consent and profile are done.
  function look() {
    const place = document.getElementById("sr-quiz");
    if (place && place !== root && place.offsetParent !== null) start(place);
  }
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "style"] });
  look();
})();
