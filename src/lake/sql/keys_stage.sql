create temp table {{ stage }} as select * from weir_keys
