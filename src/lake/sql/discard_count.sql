select count(*) filter (_weir_drop), coalesce(sum(len(_weir_bad)) filter (not _weir_drop), 0)::bigint from {{ bad_stage }}
