// Draws the pictures with Apache ECharts. Data comes as JSON from ChartData.cs; colours come from the style sheet.

const charts = new Map();
const still = matchMedia('(prefers-reduced-motion: reduce)');
const narrow = 620;
let world;

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = (value) => Math.round(value).toLocaleString('en-US');
const short = (value) =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)}M` : value >= 1e4 ? `${(value / 1e3).toFixed(0)}k` : number(value);

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const safe = (text) => String(text).replace(/[&<>"']/g, (character) => escapes[character]);

function palette() {
  return {
    ink: style('--ink'),
    muted: style('--muted'),
    line: style('--line'),
    surface: style('--surface'),
    paper: style('--paper'),
    accent: style('--accent'),
    land: style('--land'),
    ramp: style('--ramp').split(',').map((colour) => colour.trim()),
    categories: style('--categories').split(',').map((colour) => colour.trim()),
    font: style('--font'),
  };
}

// --- colour by count -------------------------------------------------------------------------------------------------

const channels = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));

function rampColour(ramp, part) {
  const place = Math.min(0.9999, Math.max(0, part)) * (ramp.length - 1);
  const index = Math.floor(place);
  const [low, high] = [channels(ramp[index]), channels(ramp[index + 1])];
  const mixed = low.map((value, channel) => Math.round(value + (high[channel] - value) * (place - index)));
  return `rgb(${mixed.join(',')})`;
}

function inkOn(colour) {
  const [red, green, blue] = colour.match(/\d+/g).map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.2 ? '#0b0e13' : '#ffffff';
}

// --- the map's projection: Equal Earth, so that a country's area on the page is its area -----------------------------

const [a1, a2, a3, a4] = [1.340264, -0.081106, 0.000893, 0.003796];
const m = Math.sqrt(3) / 2;
const radians = Math.PI / 180;

function project([longitude, latitude]) {
  const theta = Math.asin(m * Math.sin(latitude * radians));
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  const x = (longitude * radians * Math.cos(theta)) / (m * (a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)));
  const y = theta * (a1 + a2 * t2 + t6 * (a3 + a4 * t2));
  return [x * 100, -y * 100];
}

function unproject([px, py]) {
  const [x, y] = [px / 100, -py / 100];
  let theta = y;
  for (let step = 0; step < 12; step++) {
    const t2 = theta * theta;
    const t6 = t2 * t2 * t2;
    const error = theta * (a1 + a2 * t2 + t6 * (a3 + a4 * t2)) - y;
    theta -= error / (a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2));
  }
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  const longitude = (m * x * (a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2))) / Math.cos(theta);
  return [longitude / radians, Math.asin(Math.sin(theta) / m) / radians];
}

// --- pictures --------------------------------------------------------------------------------------------------------

function tooltip(colours) {
  return {
    backgroundColor: colours.surface,
    borderColor: colours.line,
    textStyle: { color: colours.ink, fontFamily: colours.font, fontSize: 15 },
    confine: true,
  };
}

const kinds = {
  tree(data, colours, { width }) {
    const isNarrow = width < narrow;
    const leaves = data.flatMap((device) => device.children.map((genre) => genre.value));
    const [least, most] = [Math.min(...leaves), Math.max(...leaves)];
    const small = (0.65 * leaves.reduce((sum, value) => sum + value, 0)) / leaves.length;
    const fine = { position: [4, 5], fontSize: 12, lineHeight: 16, rich: { n: { fontSize: 13, fontWeight: 600, lineHeight: 17 } } };
    const normal = { position: [10, 10], fontSize: 16, lineHeight: 22, rich: { n: { fontSize: 21, fontWeight: 600, lineHeight: 28 } } };
    return {
      tooltip: { ...tooltip(colours), formatter: (item) => `${safe(item.treePathInfo.slice(1).map((node) => node.name).join(' · '))}<br><b>${number(item.value)}</b>` },
      visualMap: {
        type: 'continuous', min: least, max: Math.max(most, least + 1), calculable: false, orient: 'horizontal', right: 4, bottom: 0,
        itemWidth: 12, itemHeight: 160, text: [number(most), number(least)], textStyle: { color: colours.muted, fontSize: 14 },
        inRange: { color: colours.ramp }, seriesIndex: -1, show: true, hoverLink: false,
      },
      series: [{
        id: 'tree', type: 'treemap', animation: false, sort: null, data: data.map((device) => ({
          ...device,
          children: device.children.map((genre) => {
            const colour = rampColour(colours.ramp, most > least ? (genre.value - least) / (most - least) : 0.5);
            return { ...genre, itemStyle: { color: colour }, label: { color: inkOn(colour), ...(isNarrow || genre.value < small ? fine : normal) } };
          }),
        })),
        left: 0, right: 0, top: 0, bottom: 36, roam: false, nodeClick: false, breadcrumb: { show: false },
        label: {
          fontFamily: colours.font, align: 'left', padding: 0, formatter: (item) => `${item.name}\n{n|${short(item.value)}}`,
        },
        upperLabel: { show: true, height: isNarrow ? 28 : 34, padding: 0, color: colours.ink, fontFamily: colours.font, fontSize: isNarrow ? 14 : 17, fontWeight: 600, formatter: (item) => `${item.name}   ${number(item.value)}` },
        levels: [
          { itemStyle: { gapWidth: 10, borderWidth: 0, borderColor: colours.paper }, upperLabel: { show: false } },
          { itemStyle: { gapWidth: 2, borderWidth: 0, borderColor: colours.paper, color: colours.paper } },
          { itemStyle: { gapWidth: 0, borderWidth: 0, borderColor: colours.paper } },
        ],
      }],
    };
  },

  stacks(data, colours, { width, height }) {
    const largest = Math.max(1, ...data.categories.map((_, index) => data.series.reduce((sum, series) => sum + series.values[index], 0)));
    const barWidth = ((width - 60) / Math.max(1, data.categories.length)) * 0.62;
    const fits = (value) => barWidth > 40 && (value / largest) * (height - 100) > 22;
    return {
      color: colours.categories,
      tooltip: { ...tooltip(colours), trigger: 'axis', axisPointer: { type: 'shadow' }, valueFormatter: number },
      legend: { top: 0, left: 0, itemWidth: 18, itemHeight: 14, itemGap: 24, textStyle: { color: colours.ink, fontFamily: colours.font, fontSize: 17 }, selectedMode: false },
      grid: { left: 4, right: 4, top: 52, bottom: 4, containLabel: true },
      xAxis: { type: 'category', data: data.categories, axisLine: { lineStyle: { color: colours.line } }, axisTick: { show: false }, axisLabel: { color: colours.ink, fontSize: width < narrow ? 12 : 16, fontFamily: colours.font, interval: 0, hideOverlap: true } },
      yAxis: { type: 'value', splitLine: { lineStyle: { color: colours.line } }, axisLabel: { color: colours.muted, fontSize: 14, formatter: short } },
      series: data.series.map((series, index) => ({
        id: series.name, name: series.name, type: 'bar', stack: 'views', data: series.values, barWidth: '62%',
        itemStyle: { borderColor: colours.surface, borderWidth: 1, decal: index % 2 === 0 ? undefined : { symbol: 'rect', color: 'rgba(0,0,0,0.14)', dashArrayX: [1, 0], dashArrayY: [3, 7], rotation: -Math.PI / 4 } },
        label: { show: true, formatter: (item) => (fits(item.value) ? short(item.value) : ''), color: '#0b0e13', fontSize: 14, fontFamily: colours.font },
      })),
    };
  },

  world(data, colours, { width }) {
    const isNarrow = width < narrow;
    const counts = data.map((country) => country.value);
    const most = Math.max(1, ...counts);
    const least = Math.min(most - 1, ...counts);
    return {
      tooltip: { ...tooltip(colours), formatter: (item) => (item.data ? `${safe(item.data.label)}<br><b>${number(item.value)}</b>` : safe(item.name)) },
      visualMap: {
        type: 'continuous', min: least, max: most, bottom: isNarrow ? 0 : 8, left: isNarrow ? 'center' : 8, orient: isNarrow ? 'horizontal' : 'vertical',
        itemWidth: isNarrow ? 12 : 14, itemHeight: 150, calculable: false, text: [number(most), number(least)], textStyle: { color: colours.muted, fontSize: 14 }, inRange: { color: colours.ramp }, outOfRange: { color: [colours.land] },
      },
      series: [{
        id: 'world', type: 'map', map: 'world', nameProperty: 'name', projection: { project, unproject }, preserveAspect: true, left: 0, right: 0, top: 8, bottom: isNarrow ? 34 : 8, roam: false, selectedMode: false,
        data: data.map((country) => ({ name: country.shape, label: country.label, value: country.value })),
        itemStyle: { areaColor: colours.land, borderColor: colours.paper, borderWidth: 0.7 },
        emphasis: { label: { show: false }, itemStyle: { areaColor: colours.accent } },
        label: { show: false },
      }],
    };
  },

  top(data, colours, { width }) {
    const names = Math.min(Math.max(...data.map((row) => row.name.length)) * 9 + 18, width * 0.5);
    const rows = [...data].reverse();
    return {
      tooltip: { ...tooltip(colours), valueFormatter: number },
      grid: { left: names, right: 64, top: 4, bottom: 4 },
      xAxis: { type: 'value', axisLabel: { show: false }, splitLine: { show: false } },
      yAxis: { type: 'category', data: rows.map((row) => row.name), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: colours.ink, fontSize: 15, fontFamily: colours.font, width: names - 14, overflow: 'truncate' } },
      // Bars change places: on their way they would lie over each other and carry another's number.
      series: [{ id: 'top', type: 'bar', animation: false, data: rows.map((row) => row.value), barWidth: '64%', barMaxWidth: 40, itemStyle: { color: colours.categories[0] }, label: { show: true, position: 'right', color: colours.ink, fontSize: 14, fontFamily: colours.font, formatter: (item) => short(item.value) } }],
    };
  },

  timeline(data, colours, { width }) {
    // As many labels as have room, at equal distances, each with the air of a third of its width.
    const times = data.ends.map((end) => (end === data.noTime ? 'no time' : new Date(end * 1000).toISOString().slice(0, 16).replace('T', ' ')));
    const isTime = (name) => name !== 'no time';
    const every = Math.ceil(times.length / Math.max(1, Math.floor(width / 64)));
    return {
      tooltip: { ...tooltip(colours), trigger: 'axis', formatter: ([item]) => `${safe(item.name)}${isTime(item.name) ? ' UTC' : ''}<br><b>${number(item.value)}</b>` },
      grid: { left: 4, right: 4, top: 6, bottom: 22 },
      xAxis: { type: 'category', data: times, axisLine: { lineStyle: { color: colours.line } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 13, formatter: (time) => (isTime(time) ? time.slice(11) : time), interval: (index) => (times.length - 1 - index) % every === 0 } },
      yAxis: { type: 'value', show: false },
      series: [{ id: 'windows', type: 'bar', barMaxWidth: 48, barMinHeight: 2, barCategoryGap: '14%', cursor: 'pointer', data: data.values.map((value, index) => ({ value, itemStyle: { color: data.shown[index] === '1' ? colours.accent : colours.line } })) }],
    };
  },
};

// --- what Chart.razor calls ------------------------------------------------------------------------------------------

export async function mount(element, kind, page) {
  if (kind === 'world' && !world) {
    world = fetch('/world/world.json').then((response) => response.json()).then((shapes) => echarts.registerMap('world', shapes));
  }
  if (kind === 'world') await world;
  if (!element.isConnected) return;
  const chart = echarts.init(element, null, { renderer: 'canvas' });
  const state = { chart, kind, element, frame: 0 };
  state.sizes = new ResizeObserver(() => {
    if (chart.getWidth() === element.clientWidth && chart.getHeight() === element.clientHeight) return;
    chart.resize();
    draw(state);
  });
  state.sizes.observe(element);
  // A chart that is slower than the numbers shows the newest ones, not all of them; one that nobody sees rests.
  state.numbers = new MutationObserver(() => {
    state.frame ||= requestAnimationFrame(() => draw(state));
  });
  state.numbers.observe(element, { attributeFilter: ['data-numbers'] });
  charts.set(element, state);
  if (kind === 'timeline') {
    chart.getZr().on('click', (event) => {
      const [index] = chart.convertFromPixel({ seriesIndex: 0 }, [event.offsetX, event.offsetY]);
      if (index >= 0) page.invokeMethodAsync('PickAsync', index);
    });
  }
  draw(state);
}

export function unmount(element) {
  const state = charts.get(element);
  if (!state) return;
  charts.delete(element);
  state.sizes.disconnect();
  state.numbers.disconnect();
  cancelAnimationFrame(state.frame);
  state.chart.dispose();
}

function draw(state) {
  state.frame = 0;
  const json = state.element.dataset.numbers;
  if (!json) return;
  const colours = palette();
  state.chart.setOption(
    {
      animation: !still.matches,
      animationDuration: 0,
      animationDurationUpdate: 300,
      textStyle: { fontFamily: colours.font },
      ...kinds[state.kind](JSON.parse(json), colours, { width: state.chart.getWidth(), height: state.chart.getHeight() }),
    },
    { replaceMerge: ['series'] });
  state.element.dataset.drawn = 'true';
}

document.addEventListener('pulse-theme', () => {
  for (const state of charts.values()) draw(state);
});
