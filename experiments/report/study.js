// One study: its data, its limits as the reader sets them, and which trial is selected.
class Study {
  constructor(data, root) {
    Object.assign(this, data);
    this.root = root;
    this.reasons = new Map(this.picks.map(pick => [pick.trial, pick.reason]));
    this.limits = this.criteria.map(criterion => criterion.limit);
    this.listeners = [];
    this.selected = this.picks.length ? this.picks[0].trial : this.front.length ? this.front[0] : -1;
  }
  place(kind) { return this.root.querySelector(`[data-plot="${kind}"]`); }
  value(objective, trial) { return this.trials.values[objective][trial]; }
  called(trial) { return '#' + this.trials.number[trial]; }
  /** Whether `a` is at least as good as `b`. */
  asGood(objective, a, b) { return this.criteria[objective].maximize ? a >= b : a <= b; }
  fits(trial) {
    return this.limits.every(
        (limit, i) => limit === null || this.value(i, trial) !== null && this.asGood(i, this.value(i, trial), limit));
  }
  words(trial) {
    return this.called(trial) + (this.reasons.has(trial) ? ', ' + this.reasons.get(trial) : '') + ': ' +
        this.criteria.map((criterion, i) => criterion.label + ' ' + told(criterion, this.value(i, trial))).join(', ') +
        (this.fits(trial) ? '' : '; breaks a limit');
  }
  select(trial, aloud = true) {
    this.selected = trial;
    for (const listener of this.listeners) listener();
    if (aloud) say(this.words(trial));
  }
  onSelect(listener) {
    this.listeners.push(listener);
    listener();
  }
}
