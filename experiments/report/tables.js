// Tables whose rows select a trial; the front sorted, and as CSV.
/** Rows of trials can be selected; the front can be sorted and taken along as CSV. */
function tables(study) {
  const positions = new Map(study.trials.number.map((number, i) => [String(number), i]));
  const rows = [...study.root.querySelectorAll('tr[data-trial]')].filter(row => positions.has(row.dataset.trial));
  for (const row of rows) {
    const trial = positions.get(row.dataset.trial), head = row.querySelector('th');
    head.replaceChildren(
        el('button', {
          type: 'button',
          onclick: event => {
            event.stopPropagation();
            study.select(trial);
          }
        },
           head.textContent));
    row.classList.add('pickable');
    row.addEventListener('click', event => {
      if (!event.target.closest('a')) study.select(trial);
    });
  }
  study.onSelect(
      () => rows.forEach(row => row.classList.toggle('chosen', positions.get(row.dataset.trial) === study.selected)));
  const table = study.root.querySelector('.front-table');
  if (!table) return;
  const key = (row, column) => {
    const trial = positions.get(row.dataset.trial);
    if (column === 0) return study.trials.number[trial];
    return column <= study.criteria.length ? study.value(column - 1, trial) : row.cells[column].textContent;
  };
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.replaceChildren(
        el('button', {
          type: 'button',
          onclick: () => {
            const down = head.getAttribute('aria-sort') === 'ascending', turn = down ? -1 : 1;
            heads.forEach(other => other.removeAttribute('aria-sort'));
            head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
            const sorted = [...table.tBodies[0].rows].map(row => [key(row, column), row]);
            sorted.sort(([a], [b]) => turn * (a < b ? -1 : a > b ? 1 : 0));
            table.tBodies[0].append(...sorted.map(([, row]) => row));
          }
        },
           head.textContent));
  });
  table.closest('.scroll').after(
      el('p', {}, el('button', {type: 'button', onclick: () => download(study)}, 'Download the front as CSV')));
}
function download(study) {
  const field = value => /[",\r\n]/.test(value) ? `"${String(value).replace(/"/g, '""')}"` : String(value);
  const lines = [['trial', ...study.decisions.map(d => d.name), ...study.criteria.map(c => c.name)]];
  for (const t of study.front)
    lines.push([
      study.trials.number[t], ...study.decisions.map((d, i) => d.labels[study.trials.choices[i][t]] ?? ''),
      ...study.criteria.map((_, i) => study.value(i, t) ?? '')
    ]);
  const link = el('a', {
    href: URL.createObjectURL(
        new Blob([lines.map(line => line.map(field).join(',')).join('\n') + '\n'], {type: 'text/csv'})),
    download: 'front.csv'
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
