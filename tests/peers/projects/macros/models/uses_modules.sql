{% set dt = modules.datetime.datetime(2020, 2, 28, 12, 30) + modules.datetime.timedelta(days=2) %}
{% set d = {'b': [1, 2.5, none, true], 'a': {'x': 'y'}} %}
{% set ns = namespace(total=0, seen=[]) %}
{% for i in [3, 1, 2] %}{% set ns.total = ns.total + i * loop.index %}{% do ns.seen.append(loop.last) %}{% endfor %}
select '{{ dt.isoformat() }}' as iso, '{{ dt.strftime("%d/%m/%y %H:%M") }}' as formatted, '{{ dt.date() }}' as day,
    '{{ modules.re.sub("[aeiou]", "_", "weir of words") }}' as re_sub,
    '{{ modules.re.match("(\w+)-(\d+)", "abc-42").group(2) }}' as re_group,
    '{{ tojson(d, sort_keys=true) }}' as js, '{{ fromjson("[1, {\"k\": null}]")[1].k }}' as fromjs,
    '{{ fromyaml("a: [1, two]\nb: {c: yes}").b.c }}' as fromyml, '{{ toyaml({"k": [1, "x"]}) | replace("\n", "|") }}' as toyml,
    {{ ns.total }} as total, '{{ ns.seen | join(" ") }}' as seen,
    '{{ zip([1, 2], ["a", "b"]) | list | length }}' as zipped, '{{ set([1, 1, 2]) | length }}' as set_size,
    '{{ local_md5("weir") }}' as md5, '{{ "%05.1f|%s" | format(3.14159, "s") }}' as formatted2,
    '{{ "{:>6}|{!r}".format(42, "q") | replace("\'", "") }}' as formatted3,
    '{{ modules.itertools.chain([1], [2]) | list | join(",") }}' as chained,
    '{{ dt.replace(tzinfo=modules.pytz.utc).isoformat() }}' as zoned
