#!/usr/bin/env python3
"""What one writes with Spark, local: tar, then a DataFrame of each table's files. The peer of bench/run's drops.

    spark_drop.py INBOX OUT
"""
import os
import shutil
import subprocess
import sys
import tempfile

from pyspark.sql import SparkSession


def main():
    inbox, out = sys.argv[1:3]
    plain = tempfile.mkdtemp(dir=os.path.dirname(out))
    try:
        for name in sorted(os.listdir(inbox)):
            subprocess.run(["tar", "-xzf", os.path.join(inbox, name), "-C", plain], check=True)
        spark = (SparkSession.builder.master("local[2]").config("spark.driver.memory", "3g").config("spark.ui.enabled", "false")
                 .config("spark.sql.parquet.compression.codec", "zstd").getOrCreate())
        spark.sparkContext.setLogLevel("ERROR")
        for table in sorted({name.split("_")[0] for name in os.listdir(plain)}):
            # files of a table differ in their columns: read by header, then united by name
            headers = {}
            for name in sorted(os.listdir(plain)):
                if name.startswith(table + "_"):
                    with open(os.path.join(plain, name), encoding="utf-8") as file:
                        headers.setdefault(file.readline(), []).append(os.path.join(plain, name))
            whole = None
            for files in headers.values():
                frame = spark.read.csv(files, header=True, inferSchema=True, multiLine=True, quote='"', escape='"')
                whole = frame if whole is None else whole.unionByName(frame, allowMissingColumns=True)
            whole.write.parquet(os.path.join(out, table))
        gateway = spark.sparkContext._gateway           # the JVM is waited for: so its work counts as ours
        spark.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
    finally:
        shutil.rmtree(plain, ignore_errors=True)


main()
