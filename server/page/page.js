// SPDX-License-Identifier: GPL-3.0-or-later
// The page: what the service says, on the screen. Elements are made once and changed in place, so that the focus stays.
import { LANGUAGES, duration, language, languages, number, percent, size, speak, speed, t, when } from "./texts.js";

const $ = (id) => document.getElementById(id);
const API = "/api/sources";
const kept = (name) => { try { return localStorage.getItem(name) || ""; } catch { return ""; } };
const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* A private window. */ } };

const models = new Map();   // id -> row of the catalogue
const jobs = new Map();     // id -> download that has not ended
const tasks = new Map();    // id -> task that has not ended
const failures = new Map(); // model -> what went wrong last
const cards = new Map();    // id -> card
const rows = new Map();     // job or task -> line of the downloads
let fits = null;            // ids that the search has found; null: no search
let disk = null;
let view = "models";
let loaded = false;

// Small helpers

function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function put(element, text) { if (element.textContent !== text) element.textContent = text; }
const latin = (text) => make("bdi", { dir: "ltr" }, text);
const nameOf = (id) => models.get(id)?.name ?? id;
// A name inside a sentence, whatever its direction.
const inside = (id) => `\u2068${nameOf(id)}\u2069`;

// The service

class Refused extends Error {
  constructor(error) {
    super(`${error.message} ${error.hint}`.trim());
    this.code = error.code;
  }
}

async function ask(method, path, body) {
  const headers = { "Accept-Language": language };
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-cache" });
    answer = await response.json();
  } catch {
    throw new Refused({ code: "away", message: t("no_service"), hint: "" });
  }
  if (answer.success) return answer.data;
  if (answer.error.code === "access_token") logIn(Boolean(token), answer.error.message);
  throw new Refused(answer.error);
}

async function doing(button, work) {
  // Not `disabled`, which takes the focus away.
  if (button?.dataset.busy) return;
  if (button) button.dataset.busy = "1";
  try {
    await work();
  } catch (error) {
    if (error.code !== "access_token") toast(error.message, "bad");
  } finally {
    if (button) delete button.dataset.busy;
  }
}

function toast(text, kind = "") {
  const shown = make("div", { class: `toast ${kind}`, ...(kind === "bad" ? { role: "alert" } : {}) },
    make("p", {}, text), make("button", { type: "button", onclick: () => shown.remove() }, t("close")));
  $("toasts").append(shown);
  while ($("toasts").children.length > (innerWidth < 600 ? 2 : 4)) $("toasts").firstChild.remove();
  if (kind !== "bad") setTimeout(() => shown.remove(), 8000);
}

// What is loaded, and when again

let waiting = 0;
function loadSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => load().catch(() => {}), 250);
}

async function load() {
  const [catalog, found] = await Promise.all([ask("GET", `${API}/catalog`), ask("GET", `${API}/disk`)]);
  disk = found;
  models.clear();
  for (const model of catalog) models.set(model.id, model);
  loaded = true;
  await search();
  showKinds();
  showAll();
  if (view === "history") await loadHistory();
}

async function search() {
  const words = $("search").value.trim();
  if (!words) { fits = null; return; }
  const found = await ask("GET", `${API}/catalog?search=${encodeURIComponent(words)}`);
  if (words !== $("search").value.trim()) return;
  fits = new Set(found.map((model) => model.alias_of ?? model.id));
}

async function loadHistory() {
  const past = await ask("GET", `${API}/history?limit=200`);
  $("past").replaceChildren(...past.map(pastRow));
  $("no-past").hidden = past.length > 0;
  $("clear").hidden = past.length === 0;
}

async function loadLog() {
  const log = await ask("GET", "/api/log?lines=400");
  put($("log-path"), log.path);
  put($("lines"), log.lines.join("\n") || t("no_log"));
  $("lines").scrollTop = $("lines").scrollHeight;
}

// Following

let socket = null;
let pauseBefore = 500;

function follow() {
  const token = sessionStorage.getItem("token");
  const protocols = ["subtitle-editor"];
  if (token) {
    const bytes = new TextEncoder().encode(token);
    protocols.push(`bearer.${btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`);
  }
  const address = new URL(`${API}/events?language=${language}`, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(address, protocols);
  socket = opened;
  opened.onopen = () => {
    pauseBefore = 500;
    showLink(true);
    load().catch(() => {});
  };
  opened.onmessage = (message) => JSON.parse(message.data).events.forEach(heard);
  opened.onclose = () => {
    if (socket !== opened) return;
    showLink(false);
    setTimeout(() => { if (socket === opened && !$("login").open) follow(); }, pauseBefore);
    pauseBefore = Math.min(5000, pauseBefore * 1.6);
    // A refused token closes the socket without a word: a request says why.
    if (pauseBefore > 700) ask("GET", `${API}/downloads`).catch(() => {});
  };
}

function showLink(on) {
  $("link").classList.toggle("off", !on);
  put($("link"), t(on ? "connected" : "reconnecting"));
  const away = $("away");
  if (on) away.hidden = true;
  else setTimeout(() => {
    if ($("link").classList.contains("off") && !$("login").open) { put(away, t("away")); away.hidden = false; }
  }, 1500);
}

function heard(event) {
  const id = event.job ?? event.task;
  switch (event.event) {
    case "snapshot":
      jobs.clear();
      tasks.clear();
      event.jobs.forEach((job) => jobs.set(job.job, job));
      event.tasks.forEach((task) => tasks.set(task.task, task));
      showAll();
      return;
    case "library":
      loadSoon();
      return;
    case "notice":
      toast(event.message);
      return;
    case "checked":
      return;
    case "progress":
      if (event.task) tasks.set(id, { ...tasks.get(id), ...event });
      else jobs.set(id, { ...jobs.get(id), ...event });
      failures.delete(event.model);
      break;
    default:
      ended(event);
      jobs.delete(id);
      tasks.delete(id);
      if (view === "history") loadHistory().catch(() => {});
  }
  showModel(event.model);
  showRows();
}

function ended(event) {
  const name = inside(event.model);
  const result = event.result ?? {};
  if (event.event === "failed") {
    failures.set(event.model, `${event.message} ${event.hint}`.trim());
    toast(`${name}: ${event.message}`, "bad");
  } else if (event.event === "cancelled") toast(t("t_cancelled", { name }));
  else if (event.work === "download") toast(t("t_complete", { name }), "good");
  else if (event.work === "verify") {
    toast(t("t_verified", { name, n: number(result.verified ?? 0) }), "good");
    if (result.unknown?.length) toast(t("t_unknown", { name, n: number(result.unknown.length) }));
  } else if (event.work === "repair") toast(result.job ? t("t_repairing", { name, n: number(result.files.length) }) : t("t_repaired", { name }), "good");
  else if (event.work === "delete") toast(t("t_deleted", { name, size: size(result.freed ?? 0) }), "good");
}

// What is going on with a model

function workOf(id) {
  const here = (job) => job.model === id && (!job.models_dir || !disk || job.models_dir === disk.models_dir);
  return [...tasks.values()].find((task) => task.model === id) ?? [...jobs.values()].find(here);
}

const countsDown = (work) => work.state === "retrying" && work.retry_in != null;
const atRest = (work) => work.state === "paused" || work.state === "interrupted";

function numbers(work) {
  const parts = [];
  if (countsDown(work)) parts.push(t("again_in", { time: duration(work.retry_in) }));
  if (work.bytes_total) {
    parts.push(percent(work.percent));
    parts.push(t("of", { done: size(work.bytes_done), total: size(work.bytes_total) }));
  }
  if (work.speed > 0 && !atRest(work)) {
    parts.push(speed(work.speed));
    if (work.eta != null) parts.push(t("left", { time: duration(work.eta) }));
  }
  // Each by itself, so that none gets mixed up with its neighbours from right to left.
  return parts.map((part) => `\u2068${part}\u2069`).join(" · ");
}

const wordOf = (work) => (work.task && work.state === "running" ? t(`w_${work.work}`) : t(`s_${work.state}`));

function liveParts() {
  const fill = make("div", { class: "fill" });
  const track = make("div", { class: "track", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
  const state = make("p");
  const file = make("p", { class: "quiet" });
  const message = make("p", { class: "problem", dir: "auto" });
  const live = make("div", { class: "live" }, track, state, file, message);
  return { live, fill, track, state, file, message };
}

function showLive(parts, work, name) {
  parts.live.hidden = !work;
  if (!work) return;
  const known = work.bytes_total > 0;
  const resting = atRest(work);
  parts.live.classList.toggle("resting", resting);
  parts.live.classList.toggle("unknown", !known && !resting && work.state !== "queued");
  parts.fill.style.inlineSize = known ? `${work.percent}%` : "0";
  const words = `${wordOf(work)}${work.elsewhere ? ` (${t("elsewhere")})` : ""}`;
  const plain = (work.state === "downloading" && !work.elsewhere) || countsDown(work);
  const said = [plain ? "" : words, numbers(work)].filter(Boolean).join(" · ") || words;
  parts.track.setAttribute("aria-label", name);
  parts.track.setAttribute("aria-valuetext", [words, numbers(work)].filter(Boolean).join(" · "));
  if (known) parts.track.setAttribute("aria-valuenow", String(Math.floor(work.percent)));
  else parts.track.removeAttribute("aria-valuenow");
  put(parts.state, said);
  parts.file.hidden = !work.file || resting;
  if (!parts.file.hidden) {
    const more = work.file_percent != null ? ` (${percent(work.file_percent)})` : "";
    parts.file.replaceChildren(t("file", { i: number(work.file_number), n: number(work.files_total) }), latin(work.file), more);
  }
  put(parts.message, [work.reason, work.message, work.hint].filter(Boolean).join(" "));
  parts.message.hidden = !parts.message.textContent;
}

// Buttons: what each does, and when it is there

const post = (path, body) => ask("POST", `${API}/${path}`, body);
const known = (row) => models.get(row.model ?? row.id);

const ACTIONS = {
  download: ["main", ({ id }) => post("catalog/download", { model: id }).then((job) => {
    jobs.set(job.job, job);
    failures.delete(id);
    showModel(id);
    showRows();
    toast(t("t_started", { name: inside(id) }));
  })],
  update: ["main", ({ id }) => post("catalog/download", { model: id })],
  pause: ["", ({ work }) => post(`download/${work.job}/pause`).then(took)],
  resume: ["main", ({ work }) => post(`download/${work.job}/resume`).then(took)],
  cancel: ["", ({ work }) => ask("DELETE", work.task ? `${API}/task/${work.task}` : `${API}/download/${work.job}`)],
  repair: ["", ({ id }) => post("repair", { model: id })],
  verify: ["", ({ id }) => post("verify", { model: id })],
  details: ["", ({ id }) => showDetails(id)],
  delete: ["danger", ({ id }) => remove(id)],
};

function took(job) {
  if (["done", "failed", "cancelled"].includes(job.state)) return;
  jobs.set(job.job, { ...jobs.get(job.job), ...job });
  showModel(job.model);
  showRows();
}

function allowed(id, work) {
  if (work?.task) return work.work === "delete" ? [] : ["cancel"];
  if (work) return [atRest(work) && !work.elsewhere ? "resume" : "pause", "cancel"].filter((what) => what !== "pause" || !atRest(work));
  const model = models.get(id);
  if (!model) return [];
  return {
    missing: ["download"],
    partial: ["download", "delete"],
    installed: ["verify", "delete"],
    unverified: ["verify", "delete"],
    damaged: ["repair", "delete"],
    update: ["update", "verify", "delete"],
  }[model.state];
}

function buttons(id, names) {
  const made = {};
  for (const what of names) {
    const button = make("button", { type: "button", class: ACTIONS[what][0], "data-action": what });
    button.addEventListener("click", () => doing(button, () => ACTIONS[what][1]({ id: button.dataset.model || id, work: button.work })));
    made[what] = button;
  }
  return made;
}

function showButtons(made, wanted, id, work, box) {
  const focused = Object.values(made).find((button) => button === document.activeElement);
  for (const [what, button] of Object.entries(made)) {
    button.hidden = !wanted.includes(what);
    button.work = work;
    button.dataset.model = id;
    put(button, t(what));
    button.setAttribute("aria-label", t("act", { what: t(what), name: nameOf(id) }));
  }
  // What had the focus is gone: the next thing to do gets it, or the card itself.
  if (focused?.hidden) (Object.values(made).find((button) => !button.hidden) ?? box).focus();
}

// Cards

const BADGES = { installed: ["good", "✓"], unverified: ["good", "✓"], update: ["warn", "↑"], partial: ["warn", "◐"], damaged: ["bad", "!"] };

function makeCard(id) {
  const parts = liveParts();
  const name = make("h3", { id: `name-${id}` });
  const badge = make("span", { class: "badge" });
  const facts = make("ul", { class: "facts" });
  const about = make("p", { class: "about", dir: "auto" });
  const problem = make("p", { class: "problem", dir: "auto" });
  const made = buttons(id, Object.keys(ACTIONS));
  const box = make("li", { class: "card", tabindex: "-1", "aria-labelledby": `name-${id}`, "data-model": id },
    make("div", { class: "top" }, name, badge), facts, about, parts.live, problem,
    make("div", { class: "buttons" }, ...Object.values(made)));
  return { box, name, badge, facts, about, problem, made, ...parts };
}

function showModel(id) {
  const model = models.get(id);
  if (!model || model.alias_of) return;
  if (!cards.has(id)) cards.set(id, makeCard(id));
  const card = cards.get(id);
  const work = workOf(id);
  const [kind, sign] = work ? [atRest(work) ? "" : "busy", ""] : BADGES[model.state] ?? ["", ""];
  put(card.name, model.name);
  card.badge.className = `badge ${kind}`;
  put(card.badge, work ? wordOf(work) : [sign, t(`s_${model.state}`)].filter(Boolean).join(" "));
  const facts = [kindName(model.kind), model.provider, model.licence, model.size ? size(model.size) : "", languages(model.languages)];
  const text = facts.filter(Boolean);
  if (card.facts.textContent !== text.join("")) card.facts.replaceChildren(...text.map((fact) => make("li", {}, make("bdi", {}, fact))));
  put(card.about, model.description);
  showLive(card, work, model.name);
  const problem = failures.get(id) ?? (model.damaged.length ? model.damaged.join(", ") : "");
  put(card.problem, work ? "" : problem);
  card.problem.hidden = !card.problem.textContent;
  showButtons(card.made, [...allowed(id, work), "details"], id, work, card.box);
}

const kindName = (kind) => t(kind === "language" ? "language_kind" : kind);

function showKinds() {
  const chosen = $("kind").value;
  const kinds = [...new Set([...models.values()].map((model) => model.kind))];
  $("kind").replaceChildren(make("option", { value: "" }, t("all_kinds")), ...kinds.map((kind) => make("option", { value: kind }, kindName(kind))));
  $("kind").value = kinds.includes(chosen) ? chosen : "";
}

function isShown(model) {
  if (model.alias_of || ($("kind").value && model.kind !== $("kind").value)) return false;
  if (fits && !fits.has(model.id)) return false;
  return $("missing").checked || model.state !== "missing" || Boolean(workOf(model.id));
}

function showAll() {
  if (!loaded) { put($("found"), t("loading")); return; }
  const shown = [...models.values()].filter(isShown).map((model) => model.id);
  shown.forEach(showModel);
  const boxes = shown.map((id) => cards.get(id).box);
  const list = $("cards");
  if (boxes.length !== list.children.length || boxes.some((box, i) => list.children[i] !== box)) list.replaceChildren(...boxes);
  put($("found"), shown.length === 1 ? t("found_one") : t("found", { n: number(shown.length) }));
  $("empty").hidden = shown.length > 0;
  put($("empty"), t(fits || $("kind").value || $("missing").checked ? "nothing_found" : "nothing_here"));
  showRows();
  showDisk();
}

function showDisk() {
  if (!disk) return;
  $("disk").replaceChildren(`${t("disk", { used: size(disk.used), free: disk.free === null ? "?" : size(disk.free) })} `, latin(disk.models_dir), disk.offline ? ` · ${t("offline")}` : "");
  put($("problems"), [...disk.problems, ...disk.notices].join("\n"));
  $("problems").hidden = !$("problems").textContent;
}

// Downloads and history

function showRows() {
  const all = [...tasks.values(), ...jobs.values()];
  const list = $("jobs");
  for (const work of all) {
    const id = work.job ?? work.task;
    if (!rows.has(id)) {
      const parts = liveParts();
      const title = make("h3");
      const made = buttons(work.model, ["resume", "pause", "cancel"]);
      const box = make("li", { class: "row", tabindex: "-1", "data-job": id }, title, parts.live, make("div", { class: "buttons" }, ...Object.values(made)));
      rows.set(id, { box, title, made, ...parts });
    }
    const row = rows.get(id);
    put(row.title, nameOf(work.model));
    showLive(row, work, nameOf(work.model));
    showButtons(row.made, allowed(work.model, work), work.model, work, row.box);
    if (row.box.parentNode !== list) list.append(row.box);
  }
  const live = new Set(all.map((work) => work.job ?? work.task));
  for (const [id, row] of rows) {
    if (!live.has(id)) { row.box.remove(); rows.delete(id); }
  }
  $("no-jobs").hidden = all.length > 0;
  $("count").hidden = all.length === 0;
  put($("count"), number(all.length));
}

function pastRow(job) {
  const badge = { done: "good", failed: "bad" }[job.state] ?? "";
  const facts = [job.ended ? when(job.ended) : "", job.bytes_total ? size(job.bytes_total) : "", job.seconds ? duration(job.seconds) : "", job.mean_speed ? speed(job.mean_speed) : ""];
  const box = make("li", { class: "row" },
    make("div", { class: "top" }, make("h3", {}, nameOf(job.model)), make("span", { class: `badge ${badge}` }, t(`s_${job.state}`))),
    make("ul", { class: "facts" }, ...facts.filter(Boolean).map((fact) => make("li", {}, make("bdi", {}, fact)))));
  if (job.message) box.append(make("p", { class: "problem", dir: "auto" }, `${job.message} ${job.hint}`.trim()));
  if (job.state !== "done") {
    const again = make("button", { type: "button", "aria-label": t("act", { what: t("retry"), name: nameOf(job.model) }) }, t("retry"));
    again.addEventListener("click", () => doing(again, () => post(`download/${job.job}/retry`).then((row) => { jobs.set(row.job, row); open("downloads"); })));
    box.append(make("div", { class: "buttons" }, again));
  }
  return box;
}

// Dialogs

async function showDetails(id) {
  const model = await ask("GET", `${API}/catalog/${encodeURIComponent(id)}`);
  const facts = [
    ["d_state", t(`s_${model.state}`)], ["d_id", latin(model.id)], ["d_provider", model.provider], ["d_licence", model.licence],
    ["d_size", model.size ? size(model.size) : ""], ["d_languages", languages(model.languages)],
    ["d_repository", latin([...model.repositories.map((one) => one.repository), ...model.links].join(", "))],
    ["d_revision", model.revision ? latin(model.revision) : ""],
    ["d_homepage", /^https:/.test(model.homepage) ? make("a", { href: model.homepage, rel: "noreferrer noopener", target: "_blank", dir: "ltr" }, model.homepage) : ""],
  ];
  const files = model.files.map((file) => make("li", {}, latin(file.name),
    make("span", {}, [t(`s_${file.state}`), file.size ? (file.state === "partial" ? t("of", { done: size(file.bytes_done), total: size(file.size) }) : size(file.size)) : ""].filter(Boolean).join(" · ")),
    make("small", {}, latin(file.path ?? ""))));
  put($("details-title"), model.name);
  $("details-body").replaceChildren(
    make("dl", {}, ...facts.filter(([, value]) => value && (value.textContent ?? value)).flatMap(([key, value]) => [make("dt", {}, t(key)), make("dd", {}, value)])),
    make("h3", {}, t("d_files")),
    files.length ? make("ul", { class: "files" }, ...files) : make("p", { class: "quiet" }, t("d_no_files")));
  $("details").showModal();
}

function question(title, text, yes, act) {
  put($("question-title"), title);
  put($("question-text"), text);
  put($("yes"), yes);
  $("yes").onclick = () => doing($("yes"), act).then(() => $("question").close());
  $("question").showModal();
  $("question").querySelector(".close").focus();
}

function remove(id) {
  const model = models.get(id);
  const bytes = model.state === "partial" ? model.bytes_done : model.size;
  question(t("delete_title", { name: model.name }), t("delete_text", { size: size(bytes) }), t("delete"), () => post("delete", { model: id }));
}

function logIn(wrong, message) {
  put($("login-problem"), wrong ? message : "");
  if (!$("login").open) { $("token").value = ""; $("login").showModal(); }
}

// What the user does

function open(name) {
  view = name;
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
  for (const button of document.querySelectorAll("nav button")) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  if (name === "history") doing(null, loadHistory);
  if (name === "log") doing(null, loadLog);
}

function word() {
  for (const element of document.querySelectorAll("[data-text]")) put(element, t(element.dataset.text));
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  document.title = t("title");
  showKinds();
  showLink(socket?.readyState === WebSocket.OPEN);
}

let typing = 0;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => doing(null, () => search().then(showAll)), 200);
});
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("kind").addEventListener("change", showAll);
$("missing").addEventListener("change", () => { keep("hide-missing", $("missing").checked ? "" : "1"); showAll(); });
$("clear").addEventListener("click", () => question(t("clear_history") + "?", t("clear_text"), t("clear_history"), () => ask("DELETE", `${API}/history`).then(loadHistory)));
$("reload-log").addEventListener("click", (event) => doing(event.target, loadLog));
for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => open(button.dataset.view));
for (const button of document.querySelectorAll("dialog .close")) button.addEventListener("click", () => button.closest("dialog").close());
$("language").addEventListener("change", () => {
  keep("language", $("language").value);
  speak($("language").value);
  $("toasts").replaceChildren();
  word();
  if (socket) { const old = socket; socket = null; old.close(); }
  follow();
  if (view !== "models") open(view);
});
$("theme").addEventListener("change", () => { keep("theme", $("theme").value); document.documentElement.dataset.theme = $("theme").value; });
$("login").addEventListener("cancel", (event) => event.preventDefault());
$("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  doing(null, async () => {
    await ask("GET", `${API}/downloads`);
    $("login").close();
    follow();
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    open("models");
    $("search").focus();
  }
});

const wanted = [kept("language"), ...navigator.languages.map((name) => name.slice(0, 2))];
speak(wanted.find((name) => LANGUAGES.includes(name)) ?? "en");
$("language").value = language;
$("theme").value = kept("theme");
document.documentElement.dataset.theme = kept("theme");
$("missing").checked = !kept("hide-missing");
word();
follow();
ask("GET", `${API}/downloads`).catch(() => {});
