// The quiz: shows one case, saves one answer. An answer counts as saved only when the server says
// so; until then it waits in localStorage under its own token and is sent again, which is harmless.
(() => {
  "use strict";
  const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
  const TIMEOUT_MS = 15000;
  const DOUBLE_CLICK_MS = 400;
  const IDLE_MS = 60000;
  const {
    element, drawForm, drawViews, nextView, fillForm, missing, given, timedOut, openZoom, openDialog,
  } = SkinQuiz;
  let root, words, pendingKey, readerCode;
  let current = null;
  let busy = true;
  let isSending = false;
  let shownAt = 0;
  let zooms = 0;
  let ahead = new Map();
  let active = { last: 0, total: 0 };

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const say = (key, values = {}) =>
    Object.entries(values).reduce((text, [k, v]) => text.replaceAll(`{${k}}`, v), words?.[key] ?? "");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);

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
    const { path, ...body } = answer;
    const { status, data } = await insist(path ?? "answer", body, () => tell("retrying", "quiz.retrying"));
    if (status === 401) return signedOut();
    if (status === 403) return stop(data.detail);
    remember(null);
    if (status === 200) tell("saved", "quiz.saved");
    else if (status === 409) tell("kept", "quiz.kept");
    else tell("refused", "quiz.refused", { reason: data.detail });
    if (data.reference) await tellReference(data.reference, answer.answer);
    return next();
  }

  function save() {
    if (busy || !current) return undefined;
    if (current.is_locked) return goForth();
    const form = root.querySelector("form");
    const lacking = missing(form, current);
    if (lacking) tell("hint", lacking);
    else send(given(form));
    return undefined;
  }

  function send(answer) {
    setBusy(true);
    isSending = true;
    const sent = {
      ...answer,
      case_token: current.case_token,
      client_token: token(),
      active_ms: Math.round(activeMs()),
      screen: `${innerWidth}x${innerHeight}`,
      zooms,
      reader_code: readerCode,
      ...(current.given ? { path: "revise" } : {}),
    };
    remember(sent);
    deliver(sent);
  }

  function setBusy(value) {
    busy = value;
    const fields = part("fields");
    if (fields) fields.disabled = value || current?.is_locked;
    updateSave();
  }

  function updateSave() {
    const button = part("save");
    if (!button) return;
    button.disabled = busy || (!current.is_locked && missing(root.querySelector("form"), current) !== null);
  }

  // --- active time: neither a hidden tab nor a reader who went away counts --------------------

  function tick() {
    const now = performance.now();
    if (!document.hidden) active.total += Math.min(now - active.last, IDLE_MS);
    active.last = now;
  }

  function activeMs() {
    tick();
    return active.total;
  }

  for (const sign of ["pointermove", "pointerdown", "keydown", "wheel", "scroll"]) {
    addEventListener(sign, tick, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    // The time until now was in view if the tab is hidden now, and was not if it has come back.
    const now = performance.now();
    if (document.hidden) active.total += Math.min(now - active.last, IDLE_MS);
    active.last = now;
  });

  // --- the time limit, where the study has one ------------------------------------------------

  const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  function startClock(seconds) {
    const token = current.case_token;
    const end = performance.now() + 1000 * seconds;
    const show = () => {
      if (current?.case_token !== token) return;
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      part("clock").textContent = say("quiz.time", { time: minutes(left) });
      if (left > 0) setTimeout(show, 250);
      else if (!isSending) timeUp();
    };
    show();
  }

  function timeUp() {
    tell("hint", "quiz.time.up");
    send(timedOut());
  }

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

  // --- looking back, and feedback, where the study has them -----------------------------------

  async function visit(caseToken) {
    setBusy(true);
    const { status, data } = await insist(`case/${caseToken}`, null, () => tell("retrying", "quiz.offline"));
    if (status === 401) return signedOut();
    if (status !== 200) return stop(data.detail);
    if (data.code !== readerCode) return stop(say("quiz.other_reader"));
    current = data.case;
    drawCase();
    tell("hint", current.is_locked ? "quiz.locked" : "quiz.revising");
    return undefined;
  }

  function goBack() {
    if (!busy && current?.back) visit(current.back);
  }

  function goForth() {
    return current.forth ? visit(current.forth) : next();
  }

  const nameOf = (code) => {
    const option = current?.options.find((o) => o.code === code);
    return option ? (root.lang.startsWith("zh") ? option.name_zh : option.name_en) : code;
  };

  const drawReference = (code) =>
    element("p", { class: "sq-reference" }, element("b", {}, `${say("quiz.feedback.title")}: `), nameOf(code));

  // After a reload the answer is delivered before any case is drawn; names are then codes.
  function tellReference(code, answer) {
    const own = answer === code ? say("quiz.feedback.agrees")
      : say("quiz.feedback.differs", { answer: answer ? nameOf(answer) : say("quiz.none_given") });
    const view = openDialog(root, say, "feedback", drawReference(code), element("p", {}, own));
    return new Promise((done) => view.addEventListener("close", done, { once: true }));
  }

  function drawEnd({ stage, answered, total, back, misled_at: misled, has_result: hasResult }) {
    const key = stage === "closed" ? "quiz.closed" : "quiz.done";
    const more = [];
    if (misled.length) more.push(element("p", { class: "sq-misled" }, say("quiz.misled", { positions: misled.join(", ") })));
    if (hasResult) more.push(element("p", {}, element("a", { href: "/study-api/my-result" }, say("quiz.result"))));
    part("case").replaceChildren(
      element("div", { class: "sq-end" },
        element("h1", { tabindex: "-1" }, say(key)),
        element("p", {}, say(`${key}.what`, { answered, total })),
        ...more,
        ...(back ? [tool("quiz.back", () => visit(back))] : [])),
    );
  }

  function drawCase() {
    const { position, total } = current;
    const heading = element("h1", { tabindex: "-1", class: "sq-count" },
      say("quiz.case", { position, total }));
    const bar = element("progress", { max: total, value: position - 1, "aria-hidden": "true" });
    const notes = [];
    if (current.synthetic) notes.push(element("p", { class: "sq-synthetic" }, say("quiz.synthetic")));
    if (current.is_practice) notes.push(element("p", { class: "sq-practice" }, say("quiz.practice")));
    part("case").replaceChildren(
      element("div", { class: "sq-progress" }, heading, bar, ...drawTools()),
      ...notes,
      element("div", { class: "sq-columns" }, drawPicture(), makeForm()),
    );
    shownAt = performance.now();
    active = { last: performance.now(), total: 0 };
    zooms = 0;
    isSending = false;
    if (current.given) fillForm(root.querySelector("form"), current.given);
    if (current.seconds_left !== null) startClock(current.seconds_left);
    preload(current.preload);
    heading.focus({ preventScroll: true });
    root.scrollIntoView({ block: "start" });
  }

  function drawTools() {
    const help = element("button", { type: "button", class: "sq-tool", "aria-label": say("quiz.help") }, "?");
    help.addEventListener("click", openHelp);
    const ways = current.back ? [tool("quiz.back", goBack)] : [];
    if (current.given && !current.is_locked) ways.push(tool("quiz.forth", goForth));
    if (current.seconds_left !== null) {
      return [...ways, element("span", { "data-part": "clock", class: "sq-clock", role: "timer" }), help];
    }
    return [...ways, tool("quiz.pause", openPause), help];
  }

  function tool(key, act) {
    const button = element("button", { type: "button", class: "sq-tool" }, say(key));
    button.addEventListener("click", act);
    return button;
  }

  function drawPicture() {
    const told = current.clinical_text;
    const known = current.reference;
    setBusy(true);
    return element("div", {}, drawViews({ current, say, drawImage, enlarge }),
      ...(known ? [drawReference(known)] : []),
      ...(told ? [element("p", { class: "sq-told" }, element("b", {}, say("quiz.told")), ` ${told}`)] : []));
  }

  // Pictures are never cached by the browser, so those of the next case wait here as elements.
  function preload(sources) {
    ahead = new Map(sources.map((source) => {
      const image = new Image();
      image.src = source;
      return [source, image];
    }));
  }

  function drawImage(source, alt) {
    const image = ahead.get(source) ?? new Image();
    image.alt = alt;
    image.draggable = false;
    if (image.complete && image.naturalWidth) queueMicrotask(arrived);
    else loadImage(image, source, 0, Boolean(image.src));
    return image;
  }

  function makeForm() {
    const form = drawForm({
      current, say, isChinese: root.lang.startsWith("zh"), change: updateSave, submit: save,
      drawImage, enlarge: (source, label) => openZoom(root, { source, label, say }),
    });
    // The second click of a double click on "Save" must not choose in the next case.
    form.addEventListener("click", (event) => {
      if (performance.now() - shownAt < DOUBLE_CLICK_MS) event.preventDefault();
    }, true);
    return form;
  }

  // No answer to pictures that have not all arrived.
  function arrived() {
    const pictures = [...root.querySelectorAll(".sq-image img, .sq-support img")];
    if (!isSending && pictures.every((picture) => picture.complete && picture.naturalWidth)) setBusy(false);
  }

  function loadImage(image, source, attempt, isUnderWay = false) {
    image.onload = arrived;
    image.onerror = async () => {
      tell("retrying", "quiz.offline");
      // An image element hides the reason; asking for the case tells an ended sign-in or study.
      const { status, data } = await insist("current", null, () => tell("retrying", "quiz.offline"));
      if (status === 401) return signedOut();
      if (status === 200 && current?.given) return visit(current.case_token);
      if (status !== 200 || data.case?.case_token !== current?.case_token) return next();
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      if (image.isConnected) loadImage(image, source, attempt + 1);
      return undefined;
    };
    if (!isUnderWay) image.src = attempt ? `${source}?try=${attempt}` : source;
  }

  function enlarge() {
    zooms += 1;
    const { src: source, alt: label } = root.querySelector(".sq-image img:not([hidden])");
    openZoom(root, { source, label, say });
  }

  function openHelp() {
    const keys = say("quiz.help.keys").split("\n").map((line) => element("li", {}, line));
    openDialog(root, say, "help", element("h2", {}, say("quiz.help")), element("ul", {}, ...keys));
  }

  // Covers the picture, so that nobody goes on looking while the time stands still.
  function openPause() {
    tick();
    const before = active.total;
    const view = openDialog(root, say, "pause",
      element("h2", {}, say("quiz.pause.title")), element("p", {}, say("quiz.pause.what")));
    view.addEventListener("close", () => {
      active = { last: performance.now(), total: before };
    });
  }

  // --- keys ---------------------------------------------------------------------------------

  function radioOf(key) {
    if (key === "0") return root.querySelector("input[data-cannot-tell]");
    if (!/^[1-9]$/.test(key)) return null;
    return root.querySelectorAll("input[name=answer]:not([data-cannot-tell])")[Number(key) - 1] ?? null;
  }

  document.addEventListener("keydown", (event) => {
    if (!root?.isConnected || busy || !current || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || root.querySelector("dialog[open]")) return;
    if (event.target.closest?.("select")) return;
    const radio = radioOf(event.key);
    if (radio && !current.is_locked) {
      radio.checked = true;
      radio.focus({ preventScroll: true });
      radio.dispatchEvent(new Event("change", { bubbles: true }));
      event.preventDefault();
    } else if (event.key === "z") {
      enlarge();
    } else if (event.key === "v") {
      nextView(root);
    } else if (event.key === "b") {
      goBack();
    } else if (event.key === "?") {
      openHelp();
    } else if (event.key === "Enter" && !event.target.closest?.(".sq-image, .sq-thumb, .sq-support, .sq-tool, a")) {
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
