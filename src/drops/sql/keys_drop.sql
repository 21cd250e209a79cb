drop table if exists temp.weir_drop_keys
