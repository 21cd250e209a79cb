{{ config(group=none) }}
select id, {{ function('double_it') }}(id) as twice from {{ ref('dim') }}
