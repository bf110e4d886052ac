// Numbers with their units, and axes: from values to pixels, with ticks.
/** All digits before the point, at most `digits` in all, zeros at the end left out. */
function rounded(value, digits) {
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toPrecision(digits);
  const before = size < 1e-4 ? 1 : Math.floor(Math.log10(size)) + 1;
  const text = value.toFixed(Math.max(0, digits - before));
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
}
function unitFor(criterion, size) {
  const own = criterion.units.find(unit => unit.factor === 1) || criterion.units[0];
  return size === 0 ? own : criterion.units.reduce((best, unit) => size >= unit.from ? unit : best);
}
function told(criterion, value) {
  if (value === null || value === undefined) return '–';
  const {unit, factor} = unitFor(criterion, Math.abs(value));
  return rounded(value / factor, unit === '%' ? 4 : 3) + (unit ? '\u00a0' + unit : '');
}
const percent = share => rounded(100 * share, share > 0 && share < 0.1 ? 1 : 2) + '\u00a0%';
const grouped = count => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
const plain = label => ({label, units: [{unit: '', factor: 1, from: 0}]});

/** From values to pixels, with ticks: logarithmic where `log` says so. */
function scale(criterion, [low, high, log], from, to) {
  const {unit, factor} = unitFor(criterion, Math.max(Math.abs(low), Math.abs(high)) / (log ? 10 : 1));
  const f = log ? Math.log : Number;
  const place = value => from + (f(value) - f(low)) / (f(high) - f(low)) * (to - from);
  const back = pixel => {
    const t = (pixel - from) / (to - from);
    return log ? low * Math.pow(high / low, t) : low + t * (high - low);
  };
  const wanted = Math.max(2, Math.abs(to - from) / (from < to ? 90 : 60));
  const ticks = (log ? logTicks : linearTicks)(low / factor, high / factor, wanted)
                    .map(t => ({at: t * factor, text: grouped(Number(t.toPrecision(6)))}));
  const name = criterion.label + (unit ? ` (${unit})` : '') + (log ? ', log' : '');
  return {place, back, ticks, name, low, high, log};
}
function linearTicks(low, high, wanted) {
  const raw = (high - low) / wanted, power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 5, 10].find(m => m * power >= raw) * power, ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-12); ++k) ticks.push(k * step);
  return ticks;
}
function logTicks(low, high, wanted) {
  const decades = Math.log10(high / low), steps = decades > wanted ? [1] : decades * 2 > wanted ? [1, 3] : [1, 2, 5];
  const every = Math.max(1, Math.ceil(decades / wanted)), ticks = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.log10(high); ++p)
    if (p % every === 0)
      for (const m of steps) {
        const t = m * Math.pow(10, p);
        if (t >= low && t <= high) ticks.push(t);
      }
  return ticks.length > 1 ? ticks : linearTicks(low, high, wanted);
}
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
/**
 * What an axis spans: the values with a little room on both sides; logarithmic where they are positive and span much.
 */
function span([low, high], share = 0.04) {
  const log = low > 0 && high / low > 12;
  if (log) {
    const k = Math.pow(high / low, share);
    return [low / k, high * k, log];
  }
  const pad = (high - low) * share || Math.abs(low) * share || 1;
  return [low - pad, high + pad, log];
}
