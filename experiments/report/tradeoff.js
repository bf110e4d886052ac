// Two objectives against each other: all trials on a canvas, the front above it as points that can be selected.
class Tradeoff {
  constructor(study, place) {
    this.study = study;
    const best = study.criteria.findIndex(criterion => criterion.maximize);
    this.up = best >= 0 ? best : Math.min(1, study.criteria.length - 1);
    this.across = study.criteria.findIndex((_, i) => i !== this.up);
    if (this.across < 0) this.across = 0;
    this.zoom = null;
    this.onlyFitting = false;
    this.canvas = el('canvas', {'aria-hidden': 'true'});
    this.svg = svg('svg', {role: 'listbox', tabindex: 0, onkeydown: event => this.key(event)});
    this.stage = el('div', {class: 'stage'}, this.canvas, this.svg);
    this.count = el('span', {role: 'status'});
    place.replaceChildren(this.controls(), this.stage, this.legend());
    this.drag();
    study.onSelect(() => this.width && this.mark());
    keepDrawn(this.stage, width => {
      this.width = width;
      this.draw();
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  controls() {
    const {criteria, limits} = this.study;
    const choose = (label, axis) => el(
        'label', {}, label,
        el('select', {
          onchange: event => {
            this[axis] = Number(event.target.value);
            this.zoom = null;
            this.draw();
          }
        },
           ...criteria.map((criterion, i) => el('option', {value: i, selected: this[axis] === i}, criterion.label))));
    const inputs = criteria.map((criterion, i) => {
      const greatest = this.study.front.reduce((most, t) => Math.max(most, Math.abs(this.study.value(i, t))), 0);
      const {unit, factor} = unitFor(criterion, Math.abs(limits[i] ?? greatest));
      return el(
          'label', {}, `${criterion.label} ${criterion.maximize ? '≥' : '≤'}`, el('input', {
            type: 'number',
            step: 'any',
            placeholder: 'any',
            value: limits[i] === null ? null : rounded(limits[i] / factor, 6),
            oninput: event => {
              limits[i] = event.target.value === '' || isNaN(event.target.value) ? null : event.target.value * factor;
              this.draw();
            }
          }),
          unit);
    });
    const only =
        el('label', {}, el('input', {
             type: 'checkbox',
             onchange: event => {
               this.onlyFitting = event.target.checked;
               this.draw();
             }
           }),
           'only what fits');
    this.reset =
        el('button', {
          type: 'button',
          hidden: true,
          onclick: () => {
            this.zoom = null;
            this.draw();
          }
        },
           'Whole view');
    return el(
        'div', {class: 'controls'}, choose('Across', 'across'), choose('Up', 'up'), ...inputs, only, this.reset,
        this.count);
  }
  legend() {
    return el(
        'div', {},
        legend(
            [svg('rect', {x: 3, y: 3, width: 6, height: 6, class: 'sample'}), 'other trials'],
            [svg('circle', {cx: 6, cy: 6, r: 4, class: 'member'}), 'on the front in all objectives'],
            [svg('circle', {cx: 6, cy: 6, r: 4.5, class: 'member edge'}), 'best for the two shown'],
            [diamond(6, 6, 5.5, {class: 'member pick'}), 'a pick']),
        el('p', {class: 'legend'},
           'Click a point, or walk the front with ← and →. Drag over a part to see it larger.'));
  }

  shown() {
    const {trials} = this.study, xs = trials.values[this.across], ys = trials.values[this.up], list = [];
    for (let i = 0; i < trials.number.length; ++i)
      if (trials.state[i] === COMPLETE && xs[i] !== null && ys[i] !== null && (!this.onlyFitting || this.study.fits(i)))
        list.push(i);
    return list;
  }
  /** Front members from left to right, and which of them nothing shown beats in both. */
  members() {
    const {study, across, up} = this, list = study.front.filter(t => !this.onlyFitting || study.fits(t));
    const least = study.criteria[across].maximize ? -1 : 1, most = study.criteria[up].maximize ? 1 : -1;
    const order = [...list].sort(
        (a, b) => least * (study.value(across, a) - study.value(across, b)) ||
            most * (study.value(up, b) - study.value(up, a)));
    const edge = [];
    for (const t of order)
      if (!edge.length || most * study.value(up, t) > most * study.value(up, edge[edge.length - 1])) edge.push(t);
    list.sort((a, b) => study.value(across, a) - study.value(across, b) || study.value(up, a) - study.value(up, b));
    return {list, edge};
  }

  draw() {
    if (!this.width) return;
    const {study, width} = this, height = Math.round(Math.min(500, Math.max(300, width * 0.5)));
    const list = this.shown();
    this.height = height;
    this.stage.style.height = height + 'px';
    const range = axis => list.length ? span(extent(list.map(i => study.value(axis, i)))) : [0, 1, false];
    const [across, up] = this.zoom || [range(this.across), range(this.up)];
    this.x = scale(study.criteria[this.across], across, margin.left, width - margin.right);
    this.y = scale(study.criteria[this.up], up, height - margin.bottom, margin.top);
    this.reset.hidden = !this.zoom;
    this.cloud(list);
    this.overlay();
    const fit = study.front.filter(t => study.fits(t)).length;
    this.count.textContent =
        study.limits.some(limit => limit !== null) ? `${fit} of ${study.front.length} on the front fit` : '';
  }
  cloud(list) {
    const {canvas, width, height, study} = this, ratio = devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    const ink = canvas.getContext('2d');
    ink.scale(ratio, ratio);
    ink.beginPath();
    ink.rect(margin.left, margin.top, width - margin.left - margin.right, height - margin.top - margin.bottom);
    ink.clip();
    ink.fillStyle = colour('--cloud');
    ink.globalAlpha = list.length > 20000 ? 0.18 : list.length > 2000 ? 0.35 : 0.6;
    const size = list.length > 20000 ? 1.5 : list.length > 2000 ? 2.5 : 4;
    const xs = study.trials.values[this.across], ys = study.trials.values[this.up];
    for (const i of list) ink.fillRect(this.x.place(xs[i]) - size / 2, this.y.place(ys[i]) - size / 2, size, size);
  }
  overlay() {
    const {svg: root, width, height, study, x, y} = this;
    root.setAttribute('width', width);
    root.setAttribute('height', height);
    root.setAttribute(
        'aria-label',
        `Members of the front, ${study.criteria[this.up].label} over ${
            study.criteria[this.across].label}. Arrow keys walk from one to the next.`);
    const {list, edge} = this.members(), inside = t => {
      const vx = study.value(this.across, t), vy = study.value(this.up, t);
      return vx >= x.low && vx <= x.high && vy >= y.low && vy <= y.high;
    };
    this.order = list;
    this.seen = list.filter(inside);
    const onEdge = new Set(edge), points = svg('g', {});
    this.spots = new Map();
    const rank = t => study.reasons.has(t) ? 2 : onEdge.has(t) ? 1 : 0;  // what matters more is drawn later, on top
    for (const t of [...this.seen].sort((a, b) => rank(a) - rank(b))) {
      const px = x.place(study.value(this.across, t)), py = y.place(study.value(this.up, t)),
            pick = study.reasons.has(t);
      const state =
          {role: 'option', id: this.id(t), 'aria-label': study.words(t), 'aria-selected': t === study.selected};
      const kind = 'member' + (pick ? ' pick' : onEdge.has(t) ? ' edge' : '') + (study.fits(t) ? '' : ' out');
      const dot = pick ? diamond(px, py, 6.5, {class: kind, ...state}) :
                         svg('circle', {cx: px, cy: py, r: onEdge.has(t) ? 4.5 : 4, class: kind, ...state});
      dot.append(svg('title', {}, study.words(t)));
      points.append(dot);
      this.spots.set(t, {px, py, dot});
    }
    const line = edge.filter(inside).map(t => `${this.spots.get(t).px} ${this.spots.get(t).py}`);
    this.marks = svg('g', {'aria-hidden': 'true'});
    root.replaceChildren(
        axes(x, y, width, height), this.limitLines(), svg('path', {
          class: 'curve',
          'stroke-width': 1.5,
          d: line.length > 1 ? 'M' + line.join('L') : 'M0 0',
          'aria-hidden': 'true'
        }),
        points, this.marks);
    this.mark();
  }
  id(trial) { return `member-${this.study.root.dataset.study}-${trial}`; }
  /** The limit, the soft limit and the better end of the region of interest of one axis, with their names. */
  bounds(axis) {
    const {study} = this, criterion = study.criteria[axis], [worse, better] = criterion.maximize ? ['≥', '≤'] : ['≤', '≥'];
    return [
      ['limit', study.limits[axis], `${criterion.label} ${worse} `], ['limit wish', criterion.soft_limit, `wished for: ${worse} `],
      ['limit wish', criterion.enough, `wished for: ${better} `]
    ].filter(([, value]) => value !== null)
        .map(([kind, value, words]) => ({kind, value, name: words + told(criterion, value)}));
  }
  limitLines() {
    const {x, y, width, height} = this, group = svg('g', {'aria-hidden': 'true'});
    let names = 0;  // one above the other, since the lines may be close
    for (const {kind, value, name} of this.bounds(this.across)) {
      if (value < x.low || value > x.high) continue;
      const px = x.place(value), leftwards = px > width * 0.75;
      group.append(svg('line', {class: kind, x1: px, x2: px, y1: margin.top, y2: height - margin.bottom}), svg('text', {
                     class: 'limit-name halo',
                     x: px + (leftwards ? -6 : 6),
                     y: height - margin.bottom - 8 - 17 * names++,
                     'text-anchor': leftwards ? 'end' : 'start'
                   },
                       name));
    }
    for (const {kind, value, name} of this.up === this.across ? [] : this.bounds(this.up)) {
      if (value < y.low || value > y.high) continue;
      const py = y.place(value);
      group.append(
          svg('line', {class: kind, x1: margin.left, x2: width - margin.right, y1: py, y2: py}),
          svg('text', {class: 'limit-name halo', x: width - margin.right - 6, y: py - 6, 'text-anchor': 'end'}, name));
    }
    return group;
  }
  /** The ring around what is selected, and the names that find room. */
  mark() {
    const {study} = this, taken = [];
    this.marks.replaceChildren();
    for (const [t, {dot}] of this.spots) dot.setAttribute('aria-selected', t === study.selected);
    const chosen = this.spots.get(study.selected);
    if (chosen) this.marks.append(svg('circle', {class: 'ring', cx: chosen.px, cy: chosen.py, r: 10}));
    if (chosen)
      this.svg.setAttribute('aria-activedescendant', this.id(study.selected));
    else
      this.svg.removeAttribute('aria-activedescendant');
    const named = [study.selected, ...study.picks.map(pick => pick.trial)].filter(
        (t, i, all) => all.indexOf(t) === i && this.spots.has(t));
    for (const t of named) {
      const {px, py} = this.spots.get(t),
                 reason = (study.reasons.get(t) || '').split(',')[0].replace(/ (that fits the limits|within the soft limits|within the region of interest)/, '');
      const text = study.called(t) + (reason ? ' ' + reason : ''), w = text.length * 6.7;
      const spots = [[px + 13, py + 4], [px - 13 - w, py + 4], [px - w / 2, py - 14], [px - w / 2, py + 24]].map(
          ([left, base]) => ({left, right: left + w, top: base - 12, base}));
      const free = spots.find(
          b => b.left >= margin.left && b.right <= this.width - margin.right + 4 && b.top > 0 &&
              b.base < this.height - margin.bottom &&
              taken.every(o => b.right < o.left || o.right < b.left || b.base < o.top || o.base < b.top) &&
              [...this.spots].every(
                  ([o, s]) => o === t || !study.reasons.has(o) || s.px < b.left - 6 || s.px > b.right + 6 ||
                      s.py < b.top - 6 || s.py > b.base + 6));
      if (!free) continue;
      taken.push(free);
      this.marks.append(svg('text', {class: 'strong halo', x: free.left, y: free.base}, text));
    }
  }

  key(event) {
    const {order, study} = this, at = order.indexOf(study.selected);
    const to = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      Home: 0,
      End: order.length - 1
    }[event.key];
    if (event.key === 'Escape' && this.zoom) {
      this.zoom = null;
      this.draw();
    }
    if (to === undefined || !order.length) return;
    event.preventDefault();
    study.select(order[Math.max(0, Math.min(order.length - 1, to))]);
  }
  nearest(px, py) {
    let best = null, least = 30 * 30;
    for (const [t, spot] of this.spots) {
      const d = (spot.px - px) ** 2 + (spot.py - py) ** 2;
      if (d < least) {
        least = d;
        best = t;
      }
    }
    return best;
  }
  drag() {
    let from = null, box = null;
    const at = event => {
      const frame = this.svg.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top];
    };
    this.svg.addEventListener('pointerdown', event => {
      if (event.button !== 0) return;
      from = at(event);
      if (event.pointerType === 'mouse') this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener('pointermove', event => {
      if (!from || event.pointerType !== 'mouse') return;
      const [x, y] = at(event);
      if (!box && Math.hypot(x - from[0], y - from[1]) > 8) this.svg.append(box = svg('rect', {class: 'zoom'}));
      if (box)
        fill(
            box, {
              x: Math.min(x, from[0]),
              y: Math.min(y, from[1]),
              width: Math.abs(x - from[0]),
              height: Math.abs(y - from[1])
            },
            []);
    });
    const stop = () => {
      from = null;
      if (box) box.remove();
      box = null;
    };
    this.svg.addEventListener('pointercancel', stop);
    this.svg.addEventListener('pointerup', event => {
      if (!from) return;
      const [x, y] = at(event), begin = from, zooming = box && Math.abs(x - begin[0]) > 8 && Math.abs(y - begin[1]) > 8;
      stop();
      if (zooming) {
        const part = (axis, a, b) => [...[axis.back(a), axis.back(b)].sort((u, v) => u - v), axis.log];
        this.zoom = [part(this.x, begin[0], x), part(this.y, begin[1], y)];
        return this.draw();
      }
      const found = this.nearest(x, y);
      if (found !== null) this.study.select(found);
    });
  }
}
