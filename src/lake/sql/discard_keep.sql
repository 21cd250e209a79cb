create temp table {{ bad_stage }} as select _weir_bad, _weir_drop, _weir_record from {{ stage }} where len(_weir_bad) > 0
