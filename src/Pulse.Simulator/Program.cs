using Pulse.Simulator.Cli;

return await new SimulatorProgram(Console.Out, Console.Error, !Console.IsOutputRedirected)
    .RunAsync(args, CancellationToken.None);
