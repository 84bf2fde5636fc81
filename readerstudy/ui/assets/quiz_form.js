// The questions of one case: drawing them, and reading what was answered.
(() => {
  "use strict";
  const { element } = SkinQuiz;

  // `change` is called after every choice, `submit` when the reader saves.
  SkinQuiz.drawForm = ({ current, say, isChinese, change, submit, drawImage, enlarge }) => {
    const { questions, options } = current;
    const name = (option) => (isChinese ? option.name_zh : option.name_en);
    const choices = element("div", { class: "sq-options" }, ...options.map((o, i) => drawOption(o, i, isChinese)));
    if (questions.cannot_tell) choices.append(drawCannotTell(say));
    const fields = element("fieldset", { "data-part": "fields", disabled: "" },
      element("legend", {}, say(current.advice ? "quiz.question.again" : "quiz.question")), choices);
    if (questions.top3) fields.append(drawOthers(options, name, say));
    if (questions.management.length) fields.append(drawManagement(questions.management, say));
    if (questions.confidence) fields.append(drawConfidence(say));
    const button = element("button", { type: "submit", "data-part": "save", disabled: "" }, say(saves(current)));
    const hint = element("p", { class: "sq-hint" }, say("quiz.hint", { n: Math.min(options.length, 9) }));
    // With more than one question all must fit on the page.
    const dense = questions.top3 || questions.management.length || current.advice ? " sq-dense" : "";
    const similar = SkinQuiz.drawSimilar({ current, say, drawImage, enlarge });
    const form = element("form", { class: `sq-form${dense}` }, ...drawAdvice(current, name, say, similar), fields,
      element("div", { class: "sq-actions" }, button), hint);
    form.addEventListener("change", () => {
      keepApart(form);
      change();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    return form;
  };

  const saves = ({ given: before, is_locked: isLocked }) =>
    isLocked ? "quiz.forth" : before ? "quiz.save.change" : "quiz.save";

  // As the reader had answered before.
  SkinQuiz.fillForm = (form, before) => {
    const check = (name, isIt) => {
      const found = [...form.querySelectorAll(`input[name=${name}]`)].find(isIt);
      if (found) found.checked = true;
    };
    check("answer", (input) => (input.dataset.cannotTell !== undefined ? before.cannot_tell : input.value === before.answer));
    check("management", (input) => input.value === before.management);
    for (const which of ["answer_2", "answer_3"]) {
      form.dispatchEvent(new Event("change"));
      const select = form.querySelector(`select[name=${which}]`);
      if (select) select.value = before[which] ?? "";
    }
    const slider = form.querySelector("input[type=range]");
    if (slider && before.confidence !== null) {
      slider.value = before.confidence;
      slider.dispatchEvent(new Event("input"));
    }
    form.dispatchEvent(new Event("change"));
  };

  // The word for what is missing, or nothing.
  SkinQuiz.missing = (form, { questions }) => {
    if (!picked(form, "answer")) return "quiz.pick";
    return questions.management.length && !picked(form, "management") ? "quiz.pick.management" : null;
  };

  SkinQuiz.given = (form) => {
    const answer = picked(form, "answer");
    const slider = form.querySelector("input[type=range][data-set]");
    const other = (which) => form.querySelector(`select[name=${which}]`)?.value || null;
    const cannotTell = answer.dataset.cannotTell !== undefined;
    return {
      answer: answer.value,
      answer_2: cannotTell ? null : other("answer_2"),
      answer_3: cannotTell ? null : other("answer_3"),
      confidence: slider ? Number(slider.value) : null,
      management: picked(form, "management")?.value ?? null,
      cannot_tell: cannotTell,
      timed_out: false,
    };
  };

  SkinQuiz.timedOut = () => ({
    answer: "", answer_2: null, answer_3: null, confidence: null, management: null,
    cannot_tell: false, timed_out: true,
  });

  const picked = (form, name) => form.querySelector(`input[name=${name}]:checked`);

  function drawOption(option, index, isChinese) {
    const [first, second] = isChinese ? [option.name_zh, option.name_en] : [option.name_en, option.name_zh];
    return element("label", { class: "sq-option" },
      element("input", { type: "radio", name: "answer", value: option.code }),
      element("kbd", { "aria-hidden": "true" }, index < 9 ? String(index + 1) : ""),
      element("span", {}, element("b", {}, first),
        element("small", { lang: isChinese ? "en" : "zh-Hans" }, second)));
  }

  function drawCannotTell(say) {
    return element("label", { class: "sq-option sq-cannot-tell" },
      element("input", { type: "radio", name: "answer", value: "", "data-cannot-tell": "" }),
      element("kbd", { "aria-hidden": "true" }, "0"),
      element("span", {}, element("b", {}, say("quiz.cannot_tell"))));
  }

  function drawOthers(options, name, say) {
    const list = (which) => element("label", {}, element("span", {}, say(`quiz.${which}`)),
      element("select", { name: which, disabled: "" }, element("option", { value: "" }, say("quiz.none")),
        ...options.map((option) => element("option", { value: option.code }, name(option)))));
    return element("div", { class: "sq-others" }, list("answer_2"), list("answer_3"));
  }

  // A second choice needs a first one, a third a second one, and none is named twice.
  function keepApart(form) {
    const second = form.querySelector("select[name=answer_2]");
    const third = form.querySelector("select[name=answer_3]");
    if (!second) return;
    const first = picked(form, "answer")?.value ?? "";
    const without = (select, taken) => {
      for (const option of select.options) option.disabled = option.value !== "" && taken.includes(option.value);
      if (select.selectedOptions[0]?.disabled) select.value = "";
    };
    without(second, [first]);
    second.disabled = !first;
    if (!first) second.value = "";
    without(third, [first, second.value]);
    third.disabled = !second.value;
    if (!second.value) third.value = "";
  }

  function drawManagement(ways, say) {
    const choices = ways.map((way) => element("label", { class: "sq-way" },
      element("input", { type: "radio", name: "management", value: way }), element("span", {}, way)));
    return element("div", { class: "sq-management", role: "radiogroup", "aria-label": say("quiz.management") },
      element("b", {}, say("quiz.management")), element("div", {}, ...choices));
  }

  function drawConfidence(say) {
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

  const percent = (share) => (share > 0 && share < 0.005 ? "< 1%" : `${Math.round(100 * share)}%`);

  function drawAdvice({ advice, first_answer: first, options }, name, say, similar) {
    if (!advice) return [];
    const named = (code) => name(options.find((option) => option.code === code) ?? { name_en: code, name_zh: code });
    const rows = advice.shown.map(([code, share]) => element("li", {},
      element("span", {}, named(code)), element("b", {}, percent(share)),
      element("meter", { min: "0", max: "1", value: String(share), "aria-hidden": "true" })));
    const malignancy = advice.malignancy === null ? []
      : [element("p", {}, say("quiz.malignancy", { share: `${Math.round(100 * advice.malignancy)}%` }))];
    const own = first === null ? "" : first === "" ? say("quiz.first.none") : say("quiz.first", { answer: named(first) });
    return [element("section", { class: "sq-advice", "aria-label": say("quiz.advice", { model: advice.model }) },
      element("h2", {}, say("quiz.advice", { model: advice.model })), element("ol", {}, ...rows),
      ...malignancy, ...similar, ...(own ? [element("p", {}, own)] : []))];
  }
})();
