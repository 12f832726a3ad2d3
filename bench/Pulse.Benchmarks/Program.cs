using Pulse.Benchmarks;

return await BenchmarkProgram.RunAsync(args);
