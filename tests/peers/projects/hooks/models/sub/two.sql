{{ config(pre_hook=before_begin("{{ log_row('before begin', 'two') }}"), post_hook=after_commit("{{ log_row('after commit', 'two') }}")) }}
select id + 1 as id from {{ ref('one') }}
