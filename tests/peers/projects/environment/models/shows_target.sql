select '{{ target.name }}' as name, '{{ target.schema }}' as sch, '{{ target.type }}' as type,
    '{{ target.profile_name }}' as profile, {{ target.threads }} as threads, '{{ target.database }}' as db,
    '{{ target.get("user", "none") }}' as missing, '{{ this }}' as this, '{{ this.schema }}.{{ this.identifier }}' as parts
