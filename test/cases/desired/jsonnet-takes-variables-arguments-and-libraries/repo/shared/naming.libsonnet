{ full(a, b):: a + '-' + b }
