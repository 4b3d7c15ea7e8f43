#!/usr/bin/env python3
"""Draw the picture of docs/operators.md: figures of a run, without Prometheus and Grafana.

    picture.py URL SECONDS > figures.json     look at a node's /metrics twice a second, while something happens
    picture.py draw figures.json > docs/watch.svg

Panels bear the titles of those in node.json that show the same. Only Python's standard library is used.
"""
import html
import json
import re
import sys
import time
import urllib.request

LINE = re.compile(r'^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$')


def collect(url, seconds):
    """Return what the node shows, look by look: a list of [seconds, {series: value}]."""
    began, looks = time.time(), []
    while time.time() - began < seconds:
        try:
            text = urllib.request.urlopen(url, timeout=2).read().decode()
            figures = {m[1]: float(m[2]) for m in map(LINE.match, text.splitlines()) if m}
            looks.append([time.time() - began, {k: v for k, v in figures.items() if WANTED.match(k)}])
        except OSError:
            pass  # not up yet, or over
        time.sleep(0.5)
    return looks


WANTED = re.compile(r'openledger_|process_resident_memory_bytes')


def gauge(series):
    return lambda looks: [(at, f[series]) for at, f in looks if series in f]


def mean(series, labels, window=10):
    """Seconds of a call, averaged over the last window of looks."""
    def of(looks):
        points = []
        for i in range(window, len(looks)):
            now, then = looks[i][1], looks[i - window][1]
            count, total = f'{series}_count{labels}', f'{series}_sum{labels}'
            calls = now.get(count, 0) - then.get(count, 0)
            if calls > 0:
                points.append((looks[i][0], (now[total] - then.get(total, 0)) / calls * 1000))
        return points
    return of


CALL = 'openledger_abci_call_seconds'
PANELS = [
    ('Height', 'blocks', [('height', gauge('openledger_chain_height_blocks'))]),
    ('What calls take (mean of ten looks)', 'ms', [
        (call, mean(CALL, f'{{call="{call}",status="{status}"}}')) for call, status in
        (('finalize_block', 'ok'), ('commit', 'ok'), ('process_proposal', 'accepted'))]),
    ('Open items', 'items', [(kind, gauge(f'openledger_attestation_open_items{{kind="{kind}"}}'))
                             for kind in ('batch', 'version')]),
    ('Age of the oldest item', 'blocks', [(kind, gauge(f'openledger_attestation_oldest_item_blocks{{kind="{kind}"}}'))
                                          for kind in ('batch', 'version')]),
    ('Verdicts of this attestor', 'verdicts', [(v, gauge(f'openledger_attestor_verdicts_total{{verdict="{v}"}}'))
                                               for v in ('valid', 'invalid')]),
    ('Credit lists', 'lists', [(stage, gauge(f'openledger_rewards_credit_lists{{stage="{stage}"}}'))
                               for stage in ('held', 'settling', 'dead_letter')]),
    ('Minted and burned since genesis', 'OPEN', [(what, gauge(f'openledger_rewards_{what}_open_total'))
                                                 for what in ('bonus', 'emitted', 'burned')]),
    ('Open: sessions and disputes', '', [(what, gauge(f'openledger_attribution_open_{what}'))
                                         for what in ('sessions', 'disputes')]),
    ('Memory', 'MB', [('resident', lambda looks: [(at, f['process_resident_memory_bytes'] / 1e6) for at, f in looks])]),
]
COLOURS = ['#2563eb', '#d97706', '#16a34a']
WIDTH, HEIGHT, COLUMNS = 320, 190, 3


def draw(looks):
    """Return the SVG of all panels."""
    rows = -(-len(PANELS) // COLUMNS)
    last = max(at for at, _ in looks)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {COLUMNS * WIDTH} {rows * HEIGHT + 24}" '
           'font-family="sans-serif" font-size="11">',
           '<title>Figures of a node during a run of the demo</title>',
           '<rect width="100%" height="100%" fill="#ffffff"/>']
    for i, (title, unit, lines) in enumerate(PANELS):
        x, y = i % COLUMNS * WIDTH, i // COLUMNS * HEIGHT
        curves = [(name, of(looks)) for name, of in lines]
        most = max([v for _, points in curves for _, v in points] or [0]) or 1
        out.append(f'<g transform="translate({x} {y})"><rect x="6" y="6" width="{WIDTH - 12}" height="{HEIGHT - 12}" '
                   f'fill="none" stroke="#cbd5e1"/><text x="14" y="24" font-weight="bold">{html.escape(title)}</text>')
        left, top, wide, high = 58, 36, WIDTH - 74, HEIGHT - 82
        for part in (0, 0.5, 1):
            h = top + high * (1 - part)
            out.append(f'<line x1="{left}" x2="{left + wide}" y1="{h:.1f}" y2="{h:.1f}" stroke="#e2e8f0"/>'
                       f'<text x="{left - 4}" y="{h + 4:.1f}" text-anchor="end" fill="#475569">'
                       f'{most * part:.3g}</text>')
        out.append(f'<text x="{left + wide}" y="24" text-anchor="end" fill="#475569">{unit}</text>')
        for n, (name, points) in enumerate(curves):
            path = ' '.join(f'{left + wide * at / last:.1f},{top + high * (1 - v / most):.1f}' for at, v in points)
            out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[n]}" stroke-width="1.5"/>'
                       f'<text x="{left + n * 82}" y="{HEIGHT - 16}" fill="{COLOURS[n]}">{html.escape(name)}</text>')
        out.append(f'<text x="{left}" y="{top + high + 13}" fill="#475569">0</text>'
                   f'<text x="{left + wide}" y="{top + high + 13}" text-anchor="end" fill="#475569">'
                   f'{last:.0f} s</text></g>')
    out.append(f'<text x="8" y="{rows * HEIGHT + 14}" fill="#475569">One of the validators of a demo, drawn by '
               'packaging/watch/picture.py from its /metrics. Not a screenshot of Grafana.</text></svg>')
    return '\n'.join(out) + '\n'


if __name__ == '__main__':
    if len(sys.argv) == 3 and sys.argv[1] == 'draw':
        with open(sys.argv[2], encoding='utf-8') as file:
            sys.stdout.write(draw(json.load(file)))
    elif len(sys.argv) == 3:
        json.dump(collect(sys.argv[1], float(sys.argv[2])), sys.stdout)
    else:
        sys.exit(__doc__)
