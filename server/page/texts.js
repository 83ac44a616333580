// SPDX-License-Identifier: GPL-3.0-or-later
// The page's words: [English, German, Persian]. What the service says comes in the language that is asked for.
const W = {
  title: ["Models", "Modelle", "مدل‌ها"],
  skip: ["Skip to content", "Zum Inhalt springen", "رفتن به محتوا"],
  language: ["Language", "Sprache", "زبان"],
  theme: ["Theme", "Farben", "پوسته"],
  theme_auto: ["As the system", "Wie das System", "مانند سیستم"],
  theme_light: ["Light", "Hell", "روشن"],
  theme_dark: ["Dark", "Dunkel", "تیره"],
  views: ["Views", "Ansichten", "نماها"],
  models: ["Models", "Modelle", "مدل‌ها"],
  downloads: ["Downloads", "Downloads", "بارگیری‌ها"],
  history: ["History", "Verlauf", "تاریخچه"],
  log: ["Log", "Protokoll", "گزارش"],
  notices: ["Notices", "Meldungen", "پیام‌ها"],
  search: ["Search", "Suche", "جستجو"],
  kind: ["Kind", "Art", "نوع"],
  all_kinds: ["All kinds", "Alle Arten", "همهٔ نوع‌ها"],
  "speech-to-text": ["Speech to text", "Sprache zu Text", "گفتار به متن"],
  "text-to-speech": ["Text to speech", "Text zu Sprache", "متن به گفتار"],
  language_kind: ["Language", "Sprachmodell", "زبانی"],
  dataset: ["Dataset", "Datensatz", "مجموعه‌داده"],
  image: ["Image", "Bild", "تصویر"],
  show_missing: ["Show missing", "Fehlende zeigen", "نمایش نصب‌نشده‌ها"],
  found: ["{n} models", "{n} Modelle", "{n} مدل"],
  found_one: ["1 model", "1 Modell", "۱ مدل"],
  nothing_found: ["Nothing fits. Try fewer words or another kind.", "Nichts passt. Versuchen Sie weniger Wörter oder eine andere Art.", "چیزی پیدا نشد. واژه‌های کمتر یا نوع دیگری را امتحان کنید."],
  nothing_here: ["Nothing is installed yet. Switch on “Show missing” to see what there is.", "Noch ist nichts installiert. „Fehlende zeigen“ zeigt, was es gibt.", "هنوز چیزی نصب نشده است. برای دیدن فهرست، «نمایش نصب‌نشده‌ها» را روشن کنید."],
  loading: ["Loading…", "Wird geladen …", "در حال بارگذاری…"],
  no_jobs: ["Nothing is being downloaded.", "Zurzeit wird nichts heruntergeladen.", "چیزی در حال بارگیری نیست."],
  no_history: ["No download has ended yet.", "Noch ist kein Download zu Ende.", "هنوز هیچ بارگیری‌ای پایان نیافته است."],
  no_log: ["The log is empty.", "Das Protokoll ist leer.", "گزارش خالی است."],
  clear_history: ["Clear history", "Verlauf leeren", "پاک کردن تاریخچه"],
  clear_text: ["The list of ended downloads is emptied. What they downloaded stays.", "Die Liste beendeter Downloads wird geleert. Was sie geladen haben, bleibt.", "فهرست بارگیری‌های پایان‌یافته خالی می‌شود. آنچه بارگیری شده می‌ماند."],
  refresh: ["Refresh", "Aktualisieren", "تازه‌سازی"],
  close: ["Close", "Schließen", "بستن"],
  keep: ["Keep", "Behalten", "نگه داشتن"],
  login: ["Access token", "Zugangstoken", "توکن دسترسی"],
  login_text: ["This service wants its token. It is in the file that was named when the service was started, and is kept only until this tab is closed.", "Dieser Dienst verlangt seinen Token. Er steht in der Datei, die beim Start des Dienstes genannt wurde, und wird nur behalten, bis dieser Tab geschlossen wird.", "این سرویس توکن خود را می‌خواهد. توکن در پرونده‌ای است که هنگام آغاز سرویس نام برده شده و فقط تا بسته شدن این زبانه نگه داشته می‌شود."],
  token: ["Token", "Token", "توکن"],
  log_in: ["Log in", "Anmelden", "ورود"],
  connected: ["Connected", "Verbunden", "متصل"],
  reconnecting: ["Connecting…", "Verbindung wird aufgebaut …", "در حال اتصال…"],
  away: ["The service does not answer. Trying again by itself…", "Der Dienst antwortet nicht. Es wird weiter versucht …", "سرویس پاسخ نمی‌دهد. خودکار دوباره تلاش می‌شود…"],
  download: ["Download", "Herunterladen", "بارگیری"],
  update: ["Update", "Aktualisieren", "به‌روزرسانی"],
  pause: ["Pause", "Pause", "مکث"],
  resume: ["Resume", "Fortsetzen", "ادامه"],
  cancel: ["Cancel", "Abbrechen", "لغو"],
  retry: ["Try again", "Erneut versuchen", "تلاش دوباره"],
  verify: ["Verify", "Prüfen", "بررسی"],
  repair: ["Repair", "Reparieren", "تعمیر"],
  delete: ["Delete", "Löschen", "حذف"],
  details: ["Details", "Details", "جزئیات"],
  act: ["{what}: {name}", "{what}: {name}", "{what}: {name}"],
  delete_title: ["Delete {name}?", "{name} löschen?", "{name} حذف شود؟"],
  delete_text: ["{size} will be removed from the disk. It can be downloaded again.", "{size} werden von der Platte entfernt. Das Modell kann erneut heruntergeladen werden.", "{size} از دیسک پاک می‌شود. می‌توان آن را دوباره بارگیری کرد."],
  s_missing: ["Not installed", "Nicht installiert", "نصب نشده"],
  s_partial: ["Incomplete", "Unvollständig", "ناقص"],
  s_installed: ["Installed", "Installiert", "نصب شده"],
  s_unverified: ["Not verified", "Ungeprüft", "بررسی نشده"],
  s_damaged: ["Damaged", "Beschädigt", "آسیب‌دیده"],
  s_update: ["Update available", "Neuere Fassung", "نسخهٔ تازه"],
  s_queued: ["Waiting its turn", "Wartet", "در نوبت"],
  s_running: ["Working", "Läuft", "در حال کار"],
  s_checking: ["Checking", "Wird vorbereitet", "بررسی اولیه"],
  s_downloading: ["Downloading", "Lädt", "در حال بارگیری"],
  s_stalled: ["Nothing arrives", "Nichts kommt an", "چیزی نمی‌رسد"],
  s_retrying: ["Trying again", "Neuer Versuch", "تلاش دوباره"],
  s_waiting: ["Another program downloads it", "Ein anderes Programm lädt es", "برنامهٔ دیگری آن را می‌گیرد"],
  s_verifying: ["Verifying", "Wird geprüft", "در حال بررسی"],
  s_paused: ["Paused", "Pausiert", "مکث شده"],
  s_interrupted: ["Interrupted", "Unterbrochen", "قطع شده"],
  s_done: ["Finished", "Fertig", "پایان یافت"],
  s_failed: ["Failed", "Fehlgeschlagen", "ناموفق"],
  s_cancelled: ["Cancelled", "Abgebrochen", "لغو شد"],
  elsewhere: ["in another program", "in einem anderen Programm", "در برنامه‌ای دیگر"],
  w_verify: ["Verifying", "Wird geprüft", "در حال بررسی"],
  w_repair: ["Repairing", "Wird repariert", "در حال تعمیر"],
  w_delete: ["Deleting", "Wird gelöscht", "در حال حذف"],
  of: ["{done} of {total}", "{done} von {total}", "{done} از {total}"],
  left: ["{time} left", "noch {time}", "{time} مانده"],
  again_in: ["Trying again in {time}", "Neuer Versuch in {time}", "تلاش دوباره تا {time}"],
  file: ["File {i} of {n}: ", "Datei {i} von {n}: ", "پروندهٔ {i} از {n}: "],
  sec: ["{n} s", "{n} s", "{n} ث"],
  min: ["{n} min", "{n} min", "{n} دقیقه"],
  hour: ["{n} h", "{n} h", "{n} ساعت"],
  langs: ["{n} languages", "{n} Sprachen", "{n} زبان"],
  t_started: ["{name}: the download begins.", "{name}: Der Download beginnt.", "{name}: بارگیری آغاز شد."],
  t_complete: ["{name} is installed.", "{name} ist installiert.", "{name} نصب شد."],
  t_cancelled: ["{name}: cancelled. What has arrived is kept.", "{name}: abgebrochen. Was schon da ist, bleibt.", "{name}: لغو شد. آنچه رسیده نگه داشته می‌شود."],
  t_verified: ["{name}: every file is as published ({n}).", "{name}: Jede Datei ist wie veröffentlicht ({n}).", "{name}: همهٔ پرونده‌ها همان است که منتشر شده ({n})."],
  t_unknown: ["{name}: some files could not be compared ({n}).", "{name}: Manche Dateien konnten nicht verglichen werden ({n}).", "{name}: برخی پرونده‌ها را نمی‌شد مقایسه کرد ({n})."],
  t_repaired: ["{name}: nothing to repair.", "{name}: nichts zu reparieren.", "{name}: چیزی برای تعمیر نیست."],
  t_repairing: ["{name}: what is damaged or missing is downloaded again ({n}).", "{name}: Was beschädigt ist oder fehlt, wird erneut geladen ({n}).", "{name}: آنچه آسیب دیده یا نیست دوباره بارگیری می‌شود ({n})."],
  t_deleted: ["{name}: {size} are free again.", "{name}: {size} sind wieder frei.", "{name}: {size} آزاد شد."],
  disk: ["{used} used, {free} free, in", "{used} belegt, {free} frei, in", "{used} استفاده شده، {free} آزاد، در"],
  offline: ["Offline: nothing is asked of the network.", "Offline: Das Netz wird nicht gefragt.", "برون‌خط: از شبکه چیزی پرسیده نمی‌شود."],
  d_state: ["State", "Zustand", "وضعیت"],
  d_id: ["Id", "Kennung", "شناسه"],
  d_provider: ["Provider", "Anbieter", "ارائه‌دهنده"],
  d_licence: ["Licence", "Lizenz", "پروانه"],
  d_size: ["Size", "Größe", "اندازه"],
  d_languages: ["Languages", "Sprachen", "زبان‌ها"],
  d_repository: ["From", "Von", "از"],
  d_revision: ["Revision", "Revision", "نسخه"],
  d_homepage: ["Home page", "Webseite", "صفحهٔ وب"],
  d_files: ["Files", "Dateien", "پرونده‌ها"],
  d_no_files: ["The list is known after the first download.", "Die Liste ist nach dem ersten Download bekannt.", "فهرست پس از نخستین بارگیری دانسته می‌شود."],
  no_service: ["The service does not answer.", "Der Dienst antwortet nicht.", "سرویس پاسخ نمی‌دهد."],
};

export const LANGUAGES = ["en", "de", "fa"];
export let language = "en";

export function speak(name) {
  language = LANGUAGES.includes(name) ? name : "en";
  document.documentElement.lang = language;
  document.documentElement.dir = language === "fa" ? "rtl" : "ltr";
}

export function t(key, fields = {}) {
  const words = W[key];
  const text = words ? words[LANGUAGES.indexOf(language)] : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in fields ? fields[name] : whole));
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

export const percent = (value) => `${number(Math.floor(value))}${language === "fa" ? "٪" : "\u202f%"}`;

export const speed = (bytes) => size(bytes, "/s");

export function size(bytes, per = "") {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 999.5 && unit < 4) { bytes /= 1000; unit += 1; }
  // Isolated, so that a Latin unit stays behind its number in a text from right to left.
  return `\u2068${number(bytes, unit === 0 ? 0 : unit < 3 ? 1 : 2)}\u00a0${units[unit]}${per}\u2069`;
}

export function duration(seconds) {
  const whole = Math.ceil(seconds);
  if (whole < 60) return t("sec", { n: number(whole) });
  if (whole < 3600) return `${t("min", { n: number(Math.floor(whole / 60)) })} ${whole % 60 ? t("sec", { n: number(whole % 60) }) : ""}`.trim();
  return `${t("hour", { n: number(Math.floor(whole / 3600)) })} ${t("min", { n: number(Math.floor((whole % 3600) / 60)) })}`;
}

export const when = (seconds) =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);

export function languages(codes) {
  if (codes.length === 1 && codes[0] === "multilingual") return t("langs", { n: number(99) });
  if (codes.length > 3) return t("langs", { n: number(codes.length) });
  const names = new Intl.DisplayNames([language], { type: "language", fallback: "code" });
  return codes.map((code) => { try { return names.of(code); } catch { return code; } }).join(language === "fa" ? "، " : ", ");
}
