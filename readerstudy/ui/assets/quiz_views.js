// The pictures of one case: its views, and where a model looked, in the same place by thumbnails.
(() => {
  "use strict";
  const { element } = SkinQuiz;

  // `drawImage` loads a picture, `enlarge` opens the one that is shown.
  SkinQuiz.drawViews = ({ current, say, drawImage, enlarge }) => {
    const found = [...ownViews(current, say), ...maps(current, say)];
    const pictures = found.map(({ source, name }) => drawImage(source, name));
    const button = element("button", { type: "button", class: "sq-image", "aria-label": say("quiz.zoom") }, ...pictures);
    button.addEventListener("click", enlarge);
    if (found.length === 1) return element("div", {}, button);
    const caption = element("p", { class: "sq-caption", "aria-live": "polite" });
    const thumbs = found.map(({ source, name }, i) => drawThumb(source, name, () => show(i)));
    const show = (shown) => {
      pictures.forEach((picture, i) => { picture.hidden = i !== shown; });
      thumbs.forEach((thumb, i) => thumb.setAttribute("aria-pressed", String(i === shown)));
      caption.textContent = found[shown].name;
    };
    show(0);
    return element("div", { class: "sq-several" }, button,
      element("div", { class: "sq-views", role: "group" }, ...thumbs), caption);
  };

  SkinQuiz.nextView = (root) => {
    const thumbs = [...root.querySelectorAll(".sq-thumb")];
    const shown = thumbs.findIndex((thumb) => thumb.getAttribute("aria-pressed") === "true");
    thumbs[(shown + 1) % thumbs.length]?.click();
  };

  // Similar known cases beside the advice, or nothing; on a phone folded up, so that the answers stay in view.
  SkinQuiz.drawSimilar = ({ current, say, drawImage, enlarge }) => {
    const found = beside(current, "similar");
    if (!found.length) return [];
    const figures = found.map(({ source, caption }) => {
      const button = element("button", { type: "button", class: "sq-support", "aria-label": `${say("quiz.zoom")}: ${caption}` },
        drawImage(source, caption));
      button.addEventListener("click", () => enlarge(source, caption));
      return element("figure", {}, button, element("figcaption", {}, caption));
    });
    const isNarrow = matchMedia("(max-width: 760px)").matches;
    return [element("details", isNarrow ? {} : { open: "" },
      element("summary", {}, `${say("quiz.similar")} (${found.length})`), element("div", { class: "sq-similar" }, ...figures))];
  };

  const named = (...parts) => parts.filter(Boolean).join(": ");

  function ownViews({ images, views }, say) {
    const total = images.length;
    const name = (i) => (total > 1 ? named(say("quiz.view", { n: i + 1, total }), views[i]) : say("quiz.image"));
    return images.map((source, i) => ({ source, name: name(i) }));
  }

  const maps = (current, say) => beside(current, "saliency").map(({ source, caption }) => ({
    source, name: named(say("quiz.saliency", { model: current.advice.model }), caption),
  }));

  function beside({ advice, supports }, kind) {
    const pictures = (advice?.pictures ?? []).map((its, i) => ({ ...its, source: supports[i] }));
    return pictures.filter((its) => its.kind === kind);
  }

  function drawThumb(source, label, show) {
    const thumb = element("button", { type: "button", class: "sq-thumb", "aria-label": label });
    thumb.style.backgroundImage = `url("${source}")`;
    thumb.addEventListener("click", show);
    return thumb;
  }
})();
