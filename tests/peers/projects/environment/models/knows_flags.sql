select {{ flags.FULL_REFRESH }} as full_refresh, '{{ flags.WHICH }}' as which, '{{ flags.STORE_FAILURES }}' as sf,
    '{{ invocation_id | length }}' as l, '{{ dbt_version }}' as v, '{{ project_name }}' as p, {{ execute }} as ex,
    '{{ run_started_at.strftime("%Y") | length }}' as y, '{{ adapter.type() }}' as a
