using Pulse.Host.Cli;

return await HostCommand.RunAsync(args);
